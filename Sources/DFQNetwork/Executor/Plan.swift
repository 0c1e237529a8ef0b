import DFQTensor

/// A graph compiled once for an executor: fused steps in order and where every value and gradient
/// lies in memory.
package struct Plan: Sendable {
  package let graph: Graph
  package let layout: ParameterLayout
  package let steps: [Step]
  /// Offset of each node's value in an image's arena; nil where fusion leaves no such value.
  package let valueOffset: [Int?]
  /// Offset of each transformed node's transformed value, and its point; nil elsewhere.
  package let transformedOffset: [Int?]
  package let transformPoint: [Int?]
  /// Floats of one image's values.
  package let arenaCount: Int
  /// Offset of each node's gradient in an image's gradient memory; reused once a gradient is dead.
  package let gradientOffset: [Int?]
  /// Whether a step's backward is the first to write each input's gradient (and stores instead of
  /// adding).
  package let writesFirst: [[Bool]]
  /// Floats of one image's gradients.
  package let gradientCount: Int
  /// Floats of the prepared scales and shifts of all normalizations.
  package let normMemoryCount: Int
  /// Floats of the transposed weights of all convolutions.
  package let transposedCount: Int
  /// Positions in `steps` of the normalizations that have batch norm, by their index.
  package let normSteps: [Int]
  /// Floats of scratch memory a thread needs.
  package let scratchCount: Int

  /// The offset of the value a consumer of `node` reads.
  package func sourceOffset(_ node: Int) -> Int { transformedOffset[node] ?? valueOffset[node]! }

  /// The number of elements of a node's value.
  package func count(_ node: Int) -> Int { graph.nodes[node].outputShape.count }
}
