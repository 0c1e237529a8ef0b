import DFQGraph

/// Maxima and means of windows.
enum PoolingImporter: OperatorImporter {
  static let operators = ["MaxPool", "AveragePool"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let map = try graph.map(node)
    let extent = try graph.shape(map)
    let attributes = try WindowAttributes(node, graph, extent: extent)
    guard attributes.dilation == Size2D(1) else {
      throw graph.refuse(node, "windows without gaps", "dilation \(attributes.dilation)")
    }
    let layer: any Layer
    if node.operation == "MaxPool" {
      guard node.outputs.count == 1 || node.outputs[1].isEmpty else {
        throw graph.refuse(node, "one output", "the places of maxima")
      }
      layer = MaxPool(attributes.pooling)
    } else {
      let countsPadding = node.int("count_include_pad") == 1
      let isPadded = attributes.padding != Padding(0)
      guard !(countsPadding && isPadded && node.int("ceil_mode") == 1) else {
        throw graph.refuse(
          node, "ceil_mode without count_include_pad", "both, whose divisors depend on the window")
      }
      var pool = AveragePool(attributes.pooling)
      pool.countsPadding = countsPadding && isPadded
      layer = pool
    }
    let position = try graph.add(node.name, layer, [map.position], node)
    graph.set(node.outputs[0], position, Feature.map)
  }
}
