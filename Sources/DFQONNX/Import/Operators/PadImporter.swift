import DFQGraph

/// Constants around a map, or zero channels before and after its own.
enum PadImporter: OperatorImporter {
  static let operators = ["Pad"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
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
      guard let own = input.place(axis), let index = places.firstIndex(of: own) else { return (0, 0) }
      return (pads[index], pads[index + places.count])
    }
    let (rows, columns, channels) = (around(.height), around(.width), around(.channel))
    let known = rows.before + rows.after + columns.before + columns.after + channels.before
      + channels.after
    guard known == pads.reduce(0, +) else {
      throw graph.refuse(node, "padding of rows, columns and channels", "\(pads)")
    }
    var position = input.position
    if rows != (0, 0) || columns != (0, 0) {
      let padding = Padding(
        top: rows.before, left: columns.before, bottom: rows.after, right: columns.after)
      position = try graph.add(
        node.name, PadMap(padding, value: value), [position], node)
    }
    if channels != (0, 0) {
      guard value == 0 else { throw graph.refuse(node, "zero channels", "\(value)") }
      let layer = PadChannels(stride: 1, before: channels.before, after: channels.after)
      position = try graph.add("\(node.name).channels", layer, [position], node)
    }
    graph.set(node.outputs[0], position, input.axes)
  }
}
