import DFQGraph

/// Which nodes are computed together: a batch norm takes up the sum and the activation that follow
/// it.
struct Fusion {
  /// For each node that ends a group: the nodes of the group, in order (a group of one for
  /// everything unfused).
  private(set) var groups: [[Int]] = []

  init(_ graph: Graph, keeping kept: Set<Int>) {
    let consumers = graph.consumers()
    var absorbed = Set<Int>()
    var groupEndingAt: [Int: [Int]] = [:]

    func isFusable(_ node: Int) -> Bool {
      switch graph.nodes[node].layer {
      case is Sum: true
      case let activation as Activation: activation.clamp != nil
      default: false
      }
    }
    for node in graph.nodes.indices where !absorbed.contains(node) {
      var group = [node]
      let starts = graph.nodes[node].layer is BatchNorm || isFusable(node)
      while starts, let last = group.last, !kept.contains(last), consumers[last].count == 1 {
        let next = consumers[last][0]
        guard isFusable(next), !absorbed.contains(next) else { break }
        if graph.nodes[next].layer is Sum {
          // The sum joins the group of the later of its two inputs, so that the other one is
          // complete.
          guard graph.nodes[group[0]].layer is BatchNorm, group.count == 1,
            graph.nodes[next].inputs.max() == last, graph.nodes[next].inputs.min() != last
          else { break }
        } else if graph.nodes[last].layer is Activation {
          break
        }
        group.append(next)
        absorbed.insert(next)
      }
      groupEndingAt[group.last!] = group
    }
    groups = groupEndingAt.sorted { $0.key < $1.key }.map(\.value)
  }
}
