import DFQGraph

/// Concatenations hold codes of several grids, so a layer with weights that reads one needs a quantizer
/// on it.
extension Placement {
  /// The concatenations whose values reach a layer with weights unchanged: they are quantized.
  static func readConcatenations(_ graph: Graph) -> Set<Int> {
    Set(
      graph.weighted.compactMap { layer in
        let origin = origin(of: graph.nodes[layer].inputs[0], graph)
        return graph.nodes[origin].layer is Concatenation ? origin : nil
      })
  }

  /// The node whose values reach a node unchanged, through pooling by maximum, padding and copying.
  private static func origin(of node: Int, _ graph: Graph) -> Int {
    var position = node
    while graph.nodes[position].layer.passesCodesThrough {
      position = graph.nodes[position].inputs[0]
    }
    return position
  }

  /// The nodes whose values only quantized concatenations read: a quantizer of their own would round
  /// twice.
  static func nodesRounded(by concatenations: Set<Int>, _ graph: Graph) -> Set<Int> {
    let consumers = graph.consumers()
    var result: Set<Int> = []
    for node in graph.nodes.indices.reversed() where !consumers[node].isEmpty {
      let isRounded = consumers[node].allSatisfy { reader in
        let layer = graph.nodes[reader].layer
        return concatenations.contains(reader)
          || ((layer is Concatenation || layer.passesCodesThrough) && result.contains(reader))
      }
      if isRounded { result.insert(node) }
    }
    return result
  }

  /// The sign of every node's values, as far as the layers know it.
  static func signs(_ graph: Graph) -> [OutputSign] {
    var result: [OutputSign] = []
    for node in graph.nodes {
      result.append(node.layer.outputSign(of: node.inputs.map { result[$0] }))
    }
    return result
  }
}
