package import DFQGraph
import DFQTensor

/// A graph compiled once for an executor: fused steps in order and where every value and gradient
/// lies in memory.
package struct Plan: Sendable {
  package let graph: Graph
  package let layout: ParameterLayout
  package let steps: [Step]
  /// The steps of layers that are known by their protocol alone.
  let layers: [LayerRecord]
  /// The nodes that each step reads.
  let inputs: [[Int]]
  /// Why the graph cannot be computed, nil where it can.
  let problem: (any Error)?
  /// The point of each transformed node, nil elsewhere.
  package let transformPoint: [Int?]
  /// The nodes that have a value: fusion leaves none to the others.
  package let hasValue: [Bool]
  /// Whether anything reads a node.
  let hasConsumer: [Bool]
  /// The elements of each node's value.
  package let counts: [Int]
  /// The channels of each node's value.
  let channels: [Int]
  /// The normalization without residual that a convolution's input comes from and nothing else
  /// reads.
  ///
  /// The convolution may then read the normalization's input.
  let normalizationBefore: [Int?]
  /// For each such normalization: the convolution.
  let convolutionAfter: [Int?]
  /// Whether a step is a convolution whose output only the next step reads, a normalization: the
  /// two may be computed in one go where the statistics are known.
  package let isNormalizedNext: [Bool]
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

  /// Whether a node is a convolution's or other step's output that only one step reads: a
  /// normalization, whose backward is then the only one to write the node's gradient.
  func endsInNormalization(_ node: Int) -> Bool {
    guard node != 0, transformPoint[node] == nil else { return false }
    let readers = steps.indices.filter { inputs[$0].contains(node) }.map { steps[$0] }
    guard readers.count == 1, case .normalization = readers[0].kind else { return false }
    return readers[0].inputs[0] == node && readers[0].inputs.dropFirst().allSatisfy { $0 != node }
  }

  /// The number of elements of a node's value.
  package func count(_ node: Int) -> Int { counts[node] }
}
