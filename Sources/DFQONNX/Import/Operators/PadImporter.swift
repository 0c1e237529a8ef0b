import DFQGraph

/// Constants around a map, or zero channels before and after its own.
enum PadImporter: OperatorImporter {
  static let operators = ["Pad"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    var input = try graph.unsettled(node)
    // A step may become one layer with zero channels.
    if input.padding != nil { input = try graph.settled(input, node) }
    guard node.text("mode") ?? "constant" == "constant" else {
      throw graph.refuse(node, "a constant around the map", node.text("mode") ?? "")
    }
    let rank = input.axes.count
    var pads = node.ints("pads") ?? []
    if node.hasInput(1) { pads = try graph.demandConstant(node, 1, "pads").integers ?? [] }
    var value = node.float("value") ?? 0
    if node.hasInput(2) { value = try graph.demandConstant(node, 2, "values").scalar ?? 0 }
    var places = Array(0..<rank)
    if node.hasInput(3) {
      places = (try graph.demandConstant(node, 3, "axes").integers ?? [])
        .map { $0 < 0 ? $0 + rank : $0 }
    }
    guard pads.count == 2 * places.count, places.allSatisfy((0..<rank).contains),
      pads.allSatisfy({ (0...1 << 20).contains($0) })
    else { throw graph.refuse(node, "\(2 * places.count) numbers of at least 0", "\(pads)") }
    func around(_ axis: Feature.Axis) -> (before: Int, after: Int) {
      guard let own = input.place(axis), let index = places.firstIndex(of: own) else {
        return (0, 0)
      }
      return (pads[index], pads[index + places.count])
    }
    let (rows, columns, channels) = (around(.height), around(.width), around(.channel))
    let known =
      rows.before + rows.after + columns.before + columns.after + channels.before
      + channels.after
    guard known == pads.reduce(0, +) else {
      throw graph.refuse(node, "padding of rows, columns and channels", "\(pads)")
    }
    let isAround = rows != (0, 0) || columns != (0, 0)
    if channels != (0, 0), !isAround, input.step.height == input.step.width {
      guard value == 0 else { throw graph.refuse(node, "zero channels", "\(value)") }
      let layer = PadChannels(
        stride: input.step.height, before: channels.before, after: channels.after)
      let position = try graph.add(node.name, layer, [input.position], node)
      return graph.set(node.outputs[0], position, input.axes)
    }
    guard channels == (0, 0) else {
      throw graph.refuse(node, "padding of positions, or of channels", "\(pads)")
    }
    input = try graph.settled(input, node)
    guard isAround else { return graph.set(node.outputs[0], .feature(input)) }
    let padding = Padding(
      top: rows.before, left: columns.before, bottom: rows.after, right: columns.after)
    if value == 0 {
      input.padding = padding
      return graph.set(node.outputs[0], .feature(input))
    }
    let position = try graph.add(
      node.name, PadMap(padding, value: value), [input.position], node)
    graph.set(node.outputs[0], position, input.axes)
  }
}
