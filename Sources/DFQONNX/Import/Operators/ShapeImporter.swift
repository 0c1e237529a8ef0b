import DFQGraph
import DFQTensor

/// Changes of shape, most of which only change the order of axes here.
enum ShapeImporter: OperatorImporter {
  static let operators = ["Transpose", "Flatten", "Reshape", "Squeeze", "Unsqueeze"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
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
}
