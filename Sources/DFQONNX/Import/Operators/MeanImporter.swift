import DFQGraph

/// Means and maxima over all positions.
enum MeanImporter: OperatorImporter {
  static let operators = ["GlobalAveragePool", "GlobalMaxPool", "ReduceMean"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    let rank = input.axes.count
    var reduced = Array(2..<max(rank, 2))
    var keeps = true
    if node.operation == "ReduceMean" {
      keeps = node.int("keepdims") != 0
      reduced = node.ints("axes") ?? []
      if node.hasInput(1) {
        reduced = try graph.demandConstant(node, 1, "axes").integers ?? []
      }
      reduced = reduced.map { $0 < 0 ? $0 + rank : $0 }
    }
    // The mean of one number.
    if !reduced.isEmpty, reduced.allSatisfy({ (0..<rank).contains($0) && input.axes[$0] == .unit })
    {
      var result = input
      if !keeps {
        result.axes = input.axes.indices.filter { !reduced.contains($0) }.map { input.axes[$0] }
      }
      return graph.set(node.outputs[0], .feature(result))
    }
    let positions = Set([input.place(.height), input.place(.width)].compactMap { $0 })
    guard positions.count == 2, Set(reduced) == positions else {
      throw graph.refuse(node, "the mean over rows and columns", "axes \(reduced)")
    }
    let extent = try graph.shape(input)
    var position = input.position
    if node.operation == "GlobalMaxPool" {
      let window = PoolingWindow(
        kernel: Size2D(height: extent[0], width: extent[1]), stride: Size2D(1))
      position = try graph.add(node.name, MaxPool(window), [position], node)
      position = try graph.add("\(node.name).vector", Flatten(), [position], node)
    } else {
      position = try graph.add(node.name, GlobalAveragePool(), [position], node)
    }
    var axes = input.axes
    for place in positions { axes[place] = .unit }
    if !keeps { axes = axes.indices.filter { !positions.contains($0) }.map { axes[$0] } }
    graph.set(node.outputs[0], position, axes)
  }
}
