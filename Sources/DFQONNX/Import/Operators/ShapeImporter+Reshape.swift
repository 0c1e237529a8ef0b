import DFQGraph
import DFQTensor

extension ShapeImporter {
  /// A shape whose axes are the input's, apart from those of extent 1, channels that are taken apart or put together again, or all
  /// elements but the batch side by side.
  static func reshape(
    _ input: Feature, _ target: [Int], _ node: ImportNode, _ graph: inout GraphImport
  ) throws {
    let extents = try graph.extents(input)
    guard target.count <= ONNXLimits.rank, target.reduce(1, *) == extents.reduce(1, *) else {
      throw graph.refuse(
        node, "the elements of \(extents) in at most \(ONNXLimits.rank) axes", "\(target)")
    }
    if target == extents { return graph.set(node.outputs[0], .feature(input)) }
    guard let batch = target.first, batch == extents[0], input.axes[0] == .batch else {
      return try reshapeSingleImage(input, extents, target, node, &graph)
    }
    let shape = try graph.shape(input)
    let real = input.axes.indices.dropFirst().filter { extents[$0] > 1 }
    let isSingle = shape.rank == 3 && shape[0] * shape[1] == 1
    if target[1...].filter({ $0 > 1 }) == real.map({ extents[$0] }),
      shape.rank == 1 || isSingle || target.filter({ $0 > 1 }).count == 4
    {
      // Only axes of extent 1 come or go.
      let position = try vector(input, node, &graph)
      var rest = real.map { input.axes[$0] }[...]
      // A single channel has extent 1, too: the first such axis stands for it.
      var needsChannel = !real.contains { input.axes[$0] != .unit }
      let axes = target[1...].map { extent -> Feature.Axis in
        if extent > 1 { return rest.removeFirst() }
        if needsChannel {
          needsChannel = false
          return .channel
        }
        return .unit
      }
      return graph.set(node.outputs[0], position, [.batch] + axes)
    }
    // A list of the channels' order is made.
    try graph.spend(shape.dimensions.last ?? 1, node)
    if let regrouped = RegroupedAxes(
      Array(input.axes.dropFirst()), Array(extents.dropFirst()), as: Array(target.dropFirst()))
    {
      let position = try vector(input, node, &graph)
      let result = Feature(position: position, axes: [.batch] + regrouped.axes)
      let indices = regrouped.indices
      return graph.set(
        node.outputs[0],
        .feature(indices.isEmpty ? result : try graph.select(indices, of: result, node)))
    }
    try flatten(input, target, node, &graph)
  }

  /// All elements but the batch side by side.
  private static func flatten(
    _ input: Feature, _ target: [Int], _ node: ImportNode, _ graph: inout GraphImport
  ) throws {
    let extents = try graph.extents(input)
    var axes = input.axes
    var position = input.position
    guard target.count == 2, try graph.shape(input).rank == 3,
      let joined = RegroupedAxes(joining: Array(axes.dropFirst()))
    else {
      throw graph.refuse(
        node, "a flattening, groups of channels, or axes of extent 1 that come or go",
        "\(extents) to \(target)")
    }
    axes = [.batch] + joined.axes
    if !joined.indices.isEmpty {
      let ordered = Feature(position: position, axes: axes)
      position = try graph.select(joined.indices, of: ordered, node).position
    }
    let whole = try graph.extents(Feature(position: position, axes: axes))
    let kept = axes.indices.dropFirst().filter { axes[$0] != .unit }
    position = try graph.add(node.name, Flatten(), [position], node)
    let axis = Feature.Axis.flattened(kept.map { axes[$0] }, kept.map { whole[$0] })
    graph.set(node.outputs[0], position, [.batch, axis])
  }

  /// A vector with its elements along another axis, in a file for one image at a time, where the batch is an axis of extent 1 that
  /// may come and go, too.
  ///
  /// In other files an axis that takes the batch in would mix images.
  private static func reshapeSingleImage(
    _ input: Feature, _ extents: [Int], _ target: [Int], _ node: ImportNode,
    _ graph: inout GraphImport
  ) throws {
    let shape = try graph.shape(input)
    let real = input.axes.indices.filter { extents[$0] > 1 }
    guard graph.isSingleImage, real.count == 1, target.filter({ $0 > 1 }) == [extents[real[0]]],
      let place = target.firstIndex(where: { $0 > 1 }),
      shape.rank == 1 || shape[0] * shape[1] == 1
    else { throw graph.refuse(node, "the batch as first axis", "extents \(target)") }
    let position = try vector(input, node, &graph)
    var axes = [Feature.Axis](repeating: .unit, count: target.count)
    axes[place] = input.axes[real[0]]
    if place > 0 { axes[0] = .batch }
    graph.set(node.outputs[0], position, axes)
  }

  /// The position of a value, that of a vector where it is a map of one pixel.
  private static func vector(
    _ input: Feature, _ node: ImportNode, _ graph: inout GraphImport
  ) throws -> Int {
    let shape = try graph.shape(input)
    guard shape.rank == 3, shape[0] * shape[1] == 1 else { return input.position }
    return try graph.add("\(node.name).vector", Flatten(), [input.position], node)
  }
}
