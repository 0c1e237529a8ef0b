import DFQGraph

/// Parts of the channels, each an output of its own.
enum SplitImporter: OperatorImporter {
  static let operators = ["Split"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    var input = try graph.unsettled(node)
    if input.padding != nil { input = try graph.settled(input, node) }
    _ = try graph.channelPlace(node.int("axis") ?? 0, of: input, node)
    let channels = try graph.shape(input).dimensions.last ?? 1
    var given = node.ints("split")
    if node.hasInput(1) { given = try graph.demandConstant(node, 1, "sizes").integers }
    let counts = try sizes(node, of: channels, given: given, graph)
    var first = 0
    for (output, count) in zip(node.outputs, counts) {
      if !output.isEmpty {
        let part = try graph.select(Array(first..<first + count), of: input, node)
        graph.set(output, .feature(part))
      }
      first += count
    }
  }

  /// The extents of all outputs: those that are given, or equal ones.
  ///
  /// - Throws: ``ONNXError/badNode(path:node:expected:found:)`` where they don't fit.
  static func sizes(
    _ node: ImportNode, of total: Int, given: [Int]?, _ graph: GraphImport
  ) throws -> [Int] {
    let count = node.outputs.count
    if let given {
      // Each is at most the total, so that the sum of fewer than 2^31 fits.
      guard given.count == count, given.allSatisfy({ (1...max(total, 1)).contains($0) }),
        given.reduce(0, +) == total
      else {
        throw graph.refuse(
          node, "\(count) sizes above 0 that together are \(total)", "\(given.prefix(8))")
      }
      return given
    }
    // Since opset 18 the last part may be smaller.
    let most = (total + count - 1) / count
    let last = total - (count - 1) * most
    guard last == most || (node.int("num_outputs") == count && last > 0) else {
      throw graph.refuse(node, "\(count) equal parts", "\(total) channels")
    }
    return [Int](repeating: most, count: count - 1) + [last]
  }
}
