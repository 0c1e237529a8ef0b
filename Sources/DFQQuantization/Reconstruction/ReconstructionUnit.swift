public import DFQGraph

/// A part of a graph between one node and a later one, whose output is reconstructed at once.
public struct ReconstructionUnit: Sendable, Hashable {
  /// The position of the node that all of the unit's inputs come from.
  public let input: Int
  /// The positions of the unit's nodes, in the order of the graph; the last one is its output.
  public let nodes: [Int]

  /// The position of the node whose value is reconstructed.
  public var output: Int { nodes[nodes.count - 1] }

  /// The units of a graph, in order; together they have every layer with weights once.
  ///
  /// A block begins behind a node through which everything goes that is computed later, and ends at the first
  /// such node with a layer with weights between them, behind the batch norm and the activation that
  /// follow.
  public static func units(_ unit: AdaptiveRounding.Unit, of graph: Graph) -> [ReconstructionUnit] {
    let consumers = graph.consumers()
    let weighted = Set(graph.weighted)
    switch unit {
    case .layer:
      return graph.weighted.map { layer in
        var nodes = [layer]
        while let last = nodes.last, consumers[last].count == 1,
          isEnding(graph.nodes[consumers[last][0]].layer)
        {
          nodes.append(consumers[last][0])
        }
        return ReconstructionUnit(input: graph.nodes[layer].inputs[0], nodes: nodes)
      }
    case .block:
      var units: [ReconstructionUnit] = []
      var (start, end) = (0, 0)
      for cut in cuts(graph, consumers).dropFirst() {
        let segment = end + 1...cut
        let isComplete = (start + 1..<end + 1).contains { weighted.contains($0) }
        if isComplete, !segment.allSatisfy({ isEnding(graph.nodes[$0].layer) }) {
          units.append(.init(input: start, nodes: Array(start + 1...end)))
          start = end
        }
        end = cut
      }
      if (start + 1..<end + 1).contains(where: { weighted.contains($0) }) {
        units.append(.init(input: start, nodes: Array(start + 1...end)))
      }
      return units
    }
  }

  /// Whether a layer belongs to the convolution before it.
  private static func isEnding(_ layer: any Layer) -> Bool {
    layer is BatchNorm || layer is Activation || layer is PReLU
  }

  /// The nodes that nothing passes by: no earlier node is read behind them.
  private static func cuts(_ graph: Graph, _ consumers: [[Int]]) -> [Int] {
    var reach = 0
    return graph.nodes.indices.filter { node in
      defer { reach = max(reach, consumers[node].max() ?? node) }
      return reach <= node
    }
  }
}
