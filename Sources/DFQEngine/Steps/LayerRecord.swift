import DFQGraph

/// A layer's step with its place in a plan.
struct LayerRecord: Sendable {
  let step: any LayerStep
  /// The nodes that it reads.
  let inputs: [Int]
  /// Its parameters' place in the parameter vector.
  let parameters: Range<Int>

  /// Makes the step of a node.
  ///
  /// - Throws: ``NetworkError`` where the layer cannot be computed.
  init(_ graph: Graph, node: Int, layout: ParameterLayout) throws {
    let name = graph.nodes[node].name
    guard let layer = graph.nodes[node].layer as? any ExecutableLayer else {
      throw NetworkError.notExecutable(
        layer: name, reason: "\(type(of: graph.nodes[node].layer)) is no ExecutableLayer")
    }
    inputs = graph.nodes[node].inputs
    let output = graph.nodes[node].outputShape
    do {
      step = try layer.makeStep(inputs: graph.inputShapes(node), output: output)
    } catch let error as LayerError {
      throw NetworkError.shapeMismatch(
        layer: name, expected: error.expected, found: error.found)
    }
    if step.isInPlace, inputs.count != 1 || graph.inputShapes(node)[0].count != output.count {
      throw NetworkError.notExecutable(
        layer: name, reason: "a step in place has one input, as large as its output")
    }
    let ranges = layout.entries.filter { $0.node == node }.map(\.range)
    parameters = (ranges.first?.lowerBound ?? 0)..<(ranges.last?.upperBound ?? 0)
  }
}
