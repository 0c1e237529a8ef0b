import DFQGraph

/// Maps side by side along their channels.
enum ConcatenationImporter: OperatorImporter {
  static let operators = ["Concat"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let features = try node.inputs.indices.map { try graph.feature(node, $0) }
    guard let first = features.first, features.allSatisfy({ $0.axes == first.axes }) else {
      throw graph.refuse(node, "inputs with the same axes", "others")
    }
    let axis = node.int("axis") ?? 1
    let place = axis < 0 ? axis + first.axes.count : axis
    guard place == first.place(.channel) else {
      throw graph.refuse(node, "the axis of channels", "axis \(axis)")
    }
    let position = try graph.add(node.name, Concatenation(), features.map(\.position), node)
    graph.set(node.outputs[0], position, first.axes)
  }
}
