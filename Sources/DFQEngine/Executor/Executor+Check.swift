import DFQGraph
import DFQTensor

extension Executor {
  /// Checks a pass before it touches memory: shapes, the number of parameters, and every node that
  /// the request names.
  func check(images: Tensor, parameters: [Float], request: PassRequest) throws {
    if let problem = plan.problem { throw problem }
    guard images.rowShape == plan.graph.inputShape else {
      throw NetworkError.imageShape(expected: plan.graph.inputShape, found: images.rowShape)
    }
    guard images.rowCount > 0 else { throw NetworkError.noImages(what: "a pass") }
    guard parameters.count == banks * plan.layout.count else {
      throw NetworkError.parameterCount(
        expected: banks * plan.layout.count, found: parameters.count)
    }
    for node in request.outputs { try checkNode(node) }
    for objective in request.imageObjectives { try check(objective, batch: images.rowCount) }
    for objective in request.momentObjectives {
      guard request.mode == .evaluation else {
        throw NetworkError.momentsInTraining(objective: objective.name)
      }
      try checkNode(objective.node)
      try objective.check(channels: plan.channels[objective.node])
    }
  }

  /// Checks a loss and the node that it looks at.
  func check(_ objective: any ImageObjective, batch: Int) throws {
    try checkNode(objective.node)
    try objective.check(batch: batch, shape: plan.graph.nodes[objective.node].outputShape)
  }

  /// A node has a value unless fusion has removed it.
  private func checkNode(_ node: Int) throws {
    guard plan.graph.nodes.indices.contains(node) else {
      throw NetworkError.noSuchLayer(name: "number \(node)")
    }
    guard plan.hasValue[node] else {
      throw NetworkError.notObserved(layer: plan.graph.nodes[node].name)
    }
  }
}
