import DFQGraph

/// Some channels, and every second (or third...) row and column, as in shortcuts without weights.
enum SliceImporter: OperatorImporter {
  static let operators = ["Slice"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
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
    let places = axes.map { $0 < 0 ? $0 + extents.count : $0 }
    guard Set(places).count == places.count, places.allSatisfy(extents.indices.contains) else {
      throw graph.refuse(node, "each axis once", "\(axes.prefix(8))")
    }
    for (index, place) in places.enumerated() {
      guard steps[index] != 0 else { throw graph.refuse(node, "steps other than 0", "0") }
      if input.axes[place] == .channel {
        try graph.spend(extents[place], node)
        let chosen = ConstantFolding.chosen(
          from: starts[index], to: ends[index], by: steps[index], of: extents[place])
        guard !chosen.isEmpty else { throw graph.refuse(node, "a channel", "none") }
        input = try graph.select(chosen, of: input, node)
        continue
      }
      guard starts[index] == 0, ends[index] >= extents[place], steps[index] >= 1 else {
        throw graph.refuse(
          node, "some channels, or whole axes with a step", "\(starts) to \(ends) by \(steps)")
      }
      if steps[index] == 1 { continue }
      let own = input.axes[place] == .height ? input.step.height : input.step.width
      let (step, overflow) = own.multipliedReportingOverflow(by: steps[index])
      switch input.axes[place] {
      case .height where !overflow: input.step.height = step
      case .width where !overflow: input.step.width = step
      default: throw graph.refuse(node, "steps of rows and columns", "\(steps)")
      }
    }
    graph.set(node.outputs[0], .feature(input))
  }
}
