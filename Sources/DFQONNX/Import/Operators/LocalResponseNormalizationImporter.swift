import DFQGraph

/// Normalization by the neighbouring channels of each pixel.
enum LocalResponseNormalizationImporter: OperatorImporter {
  static let operators = ["LRN"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    guard input.place(.channel) == 1 else {
      throw graph.refuse(node, "channels in axis 1", "axes \(input.axes)")
    }
    guard let size = node.int("size") else { throw graph.refuse(node, "a size", "none") }
    let layer = LocalResponseNormalization(
      size: size, alpha: node.float("alpha") ?? 1e-4, beta: node.float("beta") ?? 0.75,
      bias: node.float("bias") ?? 1)
    let position = try graph.add(node.name, layer, [input.position], node)
    graph.set(node.outputs[0], position, input.axes)
  }
}
