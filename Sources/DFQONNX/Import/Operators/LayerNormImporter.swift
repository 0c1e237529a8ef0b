import DFQGraph

/// Normalization over the channels of each pixel.
enum LayerNormImporter: OperatorImporter {
  static let operators = ["LayerNormalization", LayerNormRewriter.operation]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    let rank = input.axes.count
    let axis = node.int("axis") ?? -1
    let place = axis < 0 ? axis + rank : axis
    // The operator normalizes over all axes from one on, means in single operators over that axis alone.
    let isAlone = node.operation == LayerNormRewriter.operation
    guard input.place(.channel) == place, isAlone || place == rank - 1 else {
      throw graph.refuse(node, "channels in the last axis", "axes \(input.axes), axis \(axis)")
    }
    let channels = try graph.shape(input).dimensions.last ?? 1
    try graph.spend(channels, node)
    func numbers(_ place: Int, _ usual: Float, _ what: String) throws -> [Float] {
      if place == 2 || isAlone, !node.hasInput(place) {
        return [Float](repeating: usual, count: channels)
      }
      let constant = try graph.demandConstant(node, place, what)
      return try ArithmeticImporter.numbers(node, input, constant, channels, graph)
    }
    let scale = try numbers(1, 1, "scales")
    let shift = try numbers(2, 0, "shifts")
    let position = try graph.add(
      graph.layerName(node, weights: 1), LayerNorm(epsilon: node.float("epsilon") ?? 1e-5),
      [input.position], node, ["weight": scale, "bias": shift])
    graph.set(node.outputs[0], position, input.axes)
  }
}
