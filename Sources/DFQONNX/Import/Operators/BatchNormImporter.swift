import DFQGraph
import DFQTensor

/// Batch normalization with its running statistics.
enum BatchNormImporter: OperatorImporter {
  static let operators = ["BatchNormalization"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    guard input.place(.channel) == 1 else {
      throw graph.refuse(node, "channels in axis 1", "axes \(input.axes)")
    }
    let names = ["weight", "bias", "running_mean", "running_var"]
    var values: [String: [Float]] = [:]
    for (place, name) in names.enumerated() {
      values[name] = try graph.demandConstant(node, place + 1, "scales and statistics").floats
    }
    if let negative = values["running_var"]?.first(where: { !($0 >= 0) }) {
      throw graph.refuse(node, "variances of at least 0", "\(negative)")
    }
    if node.int("training_mode") == 1 {
      graph.note("batch norms are marked as training: they are read with their running statistics")
    }
    let epsilon = node.float("epsilon") ?? 1e-5
    let position = try graph.add(
      graph.layerName(node, weights: 1), BatchNorm(epsilon: epsilon), [input.position], node,
      values)
    graph.set(node.outputs[0], position, input.axes)
  }
}
