import DFQGraph
import DFQTensor

extension Network {
  /// The network with other layers at the same nodes, under the same names.
  ///
  /// - Parameters:
  ///   - architecture: What the network is then called.
  ///   - layer: Returns the layer of a node.
  ///   - value: Returns the value of a parameter of the new layout.
  /// - Returns: The network, with parameters laid out for the new layers.
  /// - Throws: ``NetworkError`` for layers that do not fit, and what `value` throws.
  func rebuilt(
    architecture: String, layer: (Int) -> any Layer,
    value: (ParameterLayout.Entry) throws -> Tensor
  ) throws -> Network {
    var builder = GraphBuilder(input: graph.inputShape)
    for (position, node) in graph.nodes.enumerated() where !node.inputs.isEmpty {
      try builder.add(node.name, layer(position), inputs: node.inputs)
    }
    let graph = builder.build()
    let layout = ParameterLayout(graph)
    var values = [Float](repeating: 0, count: layout.count)
    for entry in layout.entries {
      values.replaceSubrange(entry.range, with: try value(entry).elements)
    }
    return try Network(
      architecture: architecture, graph: graph,
      parameters: ParameterSet(layout: layout, values: values), preprocessing: preprocessing)
  }
}
