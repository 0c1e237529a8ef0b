import DFQGraph

/// Normalization over the channels of each pixel.
enum LayerNormImporter: OperatorImporter {
  static let operators = ["LayerNormalization"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    let rank = input.axes.count
    let axis = node.int("axis") ?? -1
    let place = axis < 0 ? axis + rank : axis
    guard place == rank - 1, input.axes.last == .channel else {
      throw graph.refuse(node, "channels in the last axis", "axes \(input.axes), axis \(axis)")
    }
    let channels = try graph.shape(input).dimensions.last ?? 1
    let scale = try graph.demandConstant(node, 1, "scales").floats
    guard scale.count == channels else {
      throw graph.refuse(node, "\(channels) scales", "\(scale.count)")
    }
    var shift = [Float](repeating: 0, count: channels)
    if node.hasInput(2) { shift = try graph.demandConstant(node, 2, "shifts").floats }
    let position = try graph.add(
      graph.layerName(node, weights: 1), LayerNorm(epsilon: node.float("epsilon") ?? 1e-5),
      [input.position], node, ["weight": scale, "bias": shift])
    graph.set(node.outputs[0], position, input.axes)
  }
}
