import DFQGraph

/// Channels that a constant names.
enum GatherImporter: OperatorImporter {
  static let operators = ["Gather"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    let place = try graph.channelPlace(node.int("axis") ?? 0, of: input, node)
    let indices = try graph.demandConstant(node, 1, "indices")
    let channels = try graph.shape(input).dimensions.last ?? 1
    guard let numbers = indices.integers, !numbers.isEmpty else {
      throw graph.refuse(node, "whole numbers", "shape \(indices.shape)")
    }
    let chosen = numbers.map { $0 < 0 ? $0 + channels : $0 }
    if let wrong = chosen.first(where: { !(0..<channels).contains($0) }) {
      throw graph.refuse(node, "channels in 0..<\(channels)", "\(wrong)")
    }
    let extents = try graph.extents(input)
    let selected = try graph.select(chosen, of: input, node)
    // The axes of the indices take the place of that of the channels.
    let target = Array(extents[..<place]) + indices.shape + Array(extents[(place + 1)...])
    try ShapeImporter.reshape(selected, target, node, &graph)
  }
}
