import DFQGraph

extension GraphImport {
  /// Some channels of a value, which keeps its axes; the value itself where these are all of its channels in order.
  ///
  /// - Throws: ``ONNXError/badNode(path:node:expected:found:)`` for channels that aren't there.
  mutating func select(
    _ indices: [Int], of feature: Feature, _ node: ImportNode
  ) throws -> Feature {
    let channels = try shape(feature).dimensions.last ?? 1
    if indices.count == channels, indices == Array(0..<channels) { return feature }
    try spend(indices.count, node)
    var result = feature
    result.position = try add(node.name, ChannelSelection(indices), [feature.position], node)
    return result
  }

  /// The place of an axis that a node names, where it is that of the channels; counts them, before there is a list of them.
  ///
  /// - Throws: ``ONNXError/badNode(path:node:expected:found:)`` for another axis.
  mutating func channelPlace(_ axis: Int, of feature: Feature, _ node: ImportNode) throws -> Int {
    let place = axis < 0 ? axis + feature.axes.count : axis
    guard let own = feature.place(.channel), place == own else {
      throw refuse(node, "the axis of channels", "axis \(axis) of \(feature.axes)")
    }
    try spend(shape(feature).dimensions.last ?? 1, node)
    return place
  }
}
