import DFQEngine
import DFQGraph
import DFQTensor

/// A unit's nodes as a graph of their own, whose image is the value of the unit's input.
struct UnitNetwork {
  let graph: Graph
  let layout: ParameterLayout
  /// The unit's nodes by their positions in the whole graph.
  let positions: [Int: Int]
  /// The parameters of the unit, from the whole network.
  private(set) var parameters: [Float]

  init(_ unit: ReconstructionUnit, of network: Network) throws {
    let whole = network.graph
    var builder = GraphBuilder(input: whole.nodes[unit.input].outputShape)
    var positions = [unit.input: builder.input]
    for node in unit.nodes {
      let inputs = whole.nodes[node].inputs.map { positions[$0] }
      precondition(inputs.allSatisfy { $0 != nil }, "a unit has one input")
      positions[node] = try builder.add(
        whole.nodes[node].name, whole.nodes[node].layer, inputs: inputs.map { $0! })
    }
    graph = builder.build()
    layout = ParameterLayout(graph)
    self.positions = positions
    parameters = [Float](repeating: 0, count: layout.count)
    let nodes = Dictionary(uniqueKeysWithValues: positions.map { ($1, $0) })
    for entry in layout.entries {
      let from = network.parameters.layout.entries.first {
        $0.node == nodes[entry.node] && $0.localName == entry.localName
      }!
      parameters.replaceSubrange(entry.range, with: network.parameters.values[from.range])
    }
  }

  /// The place of the weights of a node of the whole graph.
  func weights(of node: Int) -> Range<Int> {
    layout.entry(node: positions[node]!, .weight)!.range
  }
}
