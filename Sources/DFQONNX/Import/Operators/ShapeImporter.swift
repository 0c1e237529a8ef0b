import DFQGraph
import DFQTensor

/// Changes of shape, most of which only change the order of axes here.
enum ShapeImporter: OperatorImporter {
  static let operators = ["Transpose", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Slice"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    if node.operation == "Slice" { return try slice(node, &graph) }
    let input = try graph.feature(node)
    let extents = try graph.extents(input)
    let rank = extents.count
    func places(_ list: [Int], _ rank: Int) throws -> [Int] {
      let places = list.map { $0 < 0 ? $0 + rank : $0 }
      guard places.allSatisfy((0..<max(rank, 1)).contains), Set(places).count == places.count else {
        throw graph.refuse(node, "axes below \(rank)", "\(list)")
      }
      return places
    }
    func listed() throws -> [Int]? {
      if let axes = node.ints("axes") { return axes }
      return node.hasInput(1) ? try graph.demandConstant(node, 1, "axes").integers : nil
    }
    switch node.operation {
    case "Transpose":
      let order = try places(node.ints("perm") ?? (0..<rank).reversed(), rank)
      guard order.count == rank else { throw graph.refuse(node, "\(rank) axes", "\(order)") }
      graph.set(
        node.outputs[0],
        .feature(Feature(position: input.position, axes: order.map { input.axes[$0] })))
    case "Flatten":
      let axis = node.int("axis") ?? 1
      guard axis == 1 || axis == 1 - rank else { throw graph.refuse(node, "axis 1", "\(axis)") }
      try reshape(input, [extents[0], extents[1...].reduce(1, *)], node, &graph)
    case "Squeeze":
      let axes =
        try listed().map { try places($0, rank) }
        ?? extents.indices.filter { $0 > 0 && extents[$0] == 1 }
      try reshape(
        input, extents.indices.filter { !axes.contains($0) }.map { extents[$0] }, node, &graph)
    case "Unsqueeze":
      let new = try listed() ?? []
      let axes = Set(try places(new, rank + new.count))
      var rest = extents[...]
      let target = (0..<rank + axes.count).map { axes.contains($0) ? 1 : rest.removeFirst() }
      try reshape(input, target, node, &graph)
    case "Reshape":
      let wanted = try graph.demandConstant(node, 1, "extents").integers ?? []
      let target = try resolve(wanted, extents, keepsZero: node.int("allowzero") == 1, node, graph)
      try reshape(input, target, node, &graph)
    default: throw graph.refuse(node, "a change of shape", node.operation)
    }
  }

  /// 0 is the extent of the input, and -1 what is left.
  private static func resolve(
    _ wanted: [Int], _ extents: [Int], keepsZero: Bool, _ node: ImportNode, _ graph: GraphImport
  ) throws -> [Int] {
    var target = wanted
    if !keepsZero {
      for place in target.indices where target[place] == 0 && place < extents.count {
        target[place] = extents[place]
      }
    }
    let total = extents.reduce(1, *)
    if let place = target.firstIndex(of: -1) {
      let known = ONNXTensor.count(target.enumerated().filter { $0.offset != place }.map(\.element))
      guard let known, known > 0, total.isMultiple(of: known) else {
        throw graph.refuse(node, "extents that divide \(total) elements", "\(wanted)")
      }
      target[place] = total / known
    }
    guard ONNXTensor.count(target) == total else {
      throw graph.refuse(node, "\(total) elements", "\(wanted)")
    }
    return target
  }

  /// A shape whose axes longer than 1 are the input's, or all elements but the batch side by side.
  private static func reshape(
    _ input: Feature, _ target: [Int], _ node: ImportNode, _ graph: inout GraphImport
  ) throws {
    let extents = try graph.extents(input)
    guard target.count <= ONNXLimits.rank, target.reduce(1, *) == extents.reduce(1, *) else {
      throw graph.refuse(
        node, "the elements of \(extents) in at most \(ONNXLimits.rank) axes", "\(target)")
    }
    if target == extents { return graph.set(node.outputs[0], .feature(input)) }
    guard let batch = target.first, batch == extents[0], input.axes[0] == .batch else {
      throw graph.refuse(node, "the batch as first axis", "extents \(target)")
    }
    let shape = try graph.shape(input)
    let real = input.axes.indices.dropFirst().filter { extents[$0] > 1 }
    let isSingle = shape.rank == 3 && shape[0] * shape[1] == 1
    if target[1...].filter({ $0 > 1 }) == real.map({ extents[$0] }),
      shape.rank == 1 || isSingle || target.filter({ $0 > 1 }).count == 4
    {
      // Only axes of extent 1 come or go.
      var position = input.position
      if isSingle {
        position = try graph.add("\(node.name).vector", Flatten(), [position], node)
      }
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
    guard target.count == 2, shape.rank == 3 else {
      throw graph.refuse(
        node, "a flattening, or axes of extent 1 that come or go", "\(extents) to \(target)")
    }
    let kept = input.axes.indices.dropFirst().filter { input.axes[$0] != .unit }
    let position = try graph.add(node.name, Flatten(), [input.position], node)
    let axis = Feature.Axis.flattened(
      kept.map { input.axes[$0] }, kept.map { extents[$0] })
    graph.set(node.outputs[0], position, [.batch, axis])
  }

  /// Every second (or third...) row and column, as in shortcuts without weights.
  private static func slice(_ node: ImportNode, _ graph: inout GraphImport) throws {
    var input = try graph.unsettled(node)
    if input.padding != nil { input = try graph.settled(input, node) }
    let extents = try graph.extents(input)
    func list(_ place: Int, _ name: String) throws -> [Int]? {
      if let values = node.ints(name) { return values }
      return node.hasInput(place) ? try graph.demandConstant(node, place, name).integers : nil
    }
    let starts = try list(1, "starts") ?? []
    let ends = try list(2, "ends") ?? []
    let axes = try list(3, "axes") ?? Array(starts.indices)
    let steps = try list(4, "steps") ?? [Int](repeating: 1, count: starts.count)
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw graph.refuse(node, "as many starts, ends, axes and steps", "others")
    }
    var strides = [Int](repeating: 1, count: extents.count)
    for (index, axis) in axes.enumerated() {
      let place = axis < 0 ? axis + extents.count : axis
      guard extents.indices.contains(place), starts[index] == 0, ends[index] >= extents[place],
        steps[index] >= 1
      else {
        throw graph.refuse(node, "whole axes with a step", "\(starts) to \(ends) by \(steps)")
      }
      strides[place] = steps[index]
    }
    for (place, step) in strides.enumerated() where step > 1 {
      let (value, overflow) =
        input.axes[place] == .height
        ? input.step.height.multipliedReportingOverflow(by: step)
        : input.step.width.multipliedReportingOverflow(by: step)
      switch input.axes[place] {
      case .height where !overflow: input.step.height = value
      case .width where !overflow: input.step.width = value
      default: throw graph.refuse(node, "steps of rows and columns", "\(strides)")
      }
    }
    graph.set(node.outputs[0], .feature(input))
  }
}
