public import DFQTensor

/// A directed acyclic graph of layers in an order in which every input comes before its use.
///
/// Build a graph with ``GraphBuilder``, which infers and checks every shape.
public struct Graph: Hashable, Sendable {
  /// A layer with its name, inputs and output shape.
  public struct Node: Sendable {
    /// The name that public checkpoints use, such as `layer1.0.conv1`.
    public let name: String
    /// The operation.
    public let layer: any Layer
    /// The positions of the nodes whose outputs the layer takes.
    public let inputs: [Int]
    /// The output's shape without the batch: H W C or C.
    public let outputShape: Shape
  }

  /// The nodes, from the input to the output (the logits of a classifier).
  public let nodes: [Node]

  /// The shape of one image, H W C.
  public var inputShape: Shape { nodes[0].outputShape }
  /// The output's position.
  public var output: Int { nodes.count - 1 }
  /// The output's shape.
  public var outputShape: Shape { nodes[output].outputShape }

  /// The shapes of a node's inputs.
  public func inputShapes(_ position: Int) -> [Shape] {
    nodes[position].inputs.map { nodes[$0].outputShape }
  }

  /// The positions of the nodes that take each node's output.
  public func consumers() -> [[Int]] {
    var result = [[Int]](repeating: [], count: nodes.count)
    for (position, node) in nodes.enumerated() {
      for input in node.inputs { result[input].append(position) }
    }
    return result
  }

  /// Returns the position of a node by name.
  ///
  /// - Throws: ``NetworkError/noSuchLayer(name:)``.
  public func position(of name: String) throws -> Int {
    guard let position = nodes.firstIndex(where: { $0.name == name }) else {
      throw NetworkError.noSuchLayer(name: name)
    }
    return position
  }

  /// The positions of the nodes that hold running statistics, in order: the batch norms.
  public var batchNorms: [Int] { positions(with: .runningMean) }

  /// The positions of the nodes that hold weights, in order: convolutions and linear layers.
  public var weighted: [Int] { positions(with: .weight) }

  private func positions(with role: ParameterLayout.Role) -> [Int] {
    nodes.indices.filter { position in
      nodes[position].layer.parameters(of: inputShapes(position)).contains { $0.role == role }
    }
  }

  /// The multiply-accumulate operations of one image in a node; 0 where the node has no weights.
  public func macs(_ position: Int) -> Int {
    nodes[position].layer.macs(
      inputs: inputShapes(position), output: nodes[position].outputShape)
  }

  /// The multiply-accumulate operations of one image in the whole graph.
  public var macs: Int {
    nodes.indices.reduce(0) { sum, position in
      let (result, overflow) = sum.addingReportingOverflow(macs(position))
      return overflow ? .max : result
    }
  }
}

extension Graph.Node: Hashable {
  /// Whether two nodes have the same name, layer, inputs and shape.
  public static func == (first: Self, second: Self) -> Bool {
    first.name == second.name && first.inputs == second.inputs
      && first.outputShape == second.outputShape && first.layer.isEqual(to: second.layer)
  }

  /// Hashes the name, layer, inputs and shape.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(inputs)
    hasher.combine(outputShape)
    layer.hash(into: &hasher)
  }
}
