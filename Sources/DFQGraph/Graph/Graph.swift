public import DFQTensor

/// A directed acyclic graph of layers in an order in which every input comes before its use.
public struct Graph: Hashable, Sendable {
  /// One layer with its name, inputs and output shape.
  public struct Node: Hashable, Sendable {
    /// The name public checkpoints use, such as `layer1.0.conv1`.
    public let name: String
    /// The operation.
    public let layer: Layer
    /// The positions of the nodes whose outputs it takes.
    public let inputs: [Int]
    /// The output's shape without the batch: H W C or C.
    public let outputShape: Shape
  }

  /// The nodes; the first is the input, the last the output (the logits of a classifier).
  public let nodes: [Node]

  /// The images' shape, H W C.
  public var inputShape: Shape { nodes[0].outputShape }
  /// The output's position.
  public var output: Int { nodes.count - 1 }
  /// The output's shape.
  public var outputShape: Shape { nodes[output].outputShape }

  /// The positions of the nodes that take each node's output.
  public func consumers() -> [[Int]] {
    var result = [[Int]](repeating: [], count: nodes.count)
    for (position, node) in nodes.enumerated() {
      for input in node.inputs { result[input].append(position) }
    }
    return result
  }

  /// The position of a node by name; throws `NetworkError.noSuchLayer`.
  public func position(of name: String) throws -> Int {
    guard let position = nodes.firstIndex(where: { $0.name == name }) else {
      throw NetworkError.noSuchLayer(name: name)
    }
    return position
  }

  /// The positions of all batch-norm nodes, in order.
  public var batchNorms: [Int] {
    nodes.indices.filter { if case .batchNorm = nodes[$0].layer { true } else { false } }
  }

  /// The positions of all convolutions and linear layers, in order: the layers that hold weights
  /// and cost MACs.
  public var weighted: [Int] {
    nodes.indices.filter {
      switch nodes[$0].layer {
      case .convolution, .linear: true
      default: false
      }
    }
  }

  /// The multiply-accumulate operations of one image in a node (0 where it has no weights).
  public func macs(_ position: Int) -> Int {
    let node = nodes[position]
    switch node.layer {
    case .convolution(let convolution):
      let inputs = nodes[node.inputs[0]].outputShape[2] / convolution.groups
      return node.outputShape.count * convolution.kernel * convolution.kernel * inputs
    case .linear(let outputs, _): return nodes[node.inputs[0]].outputShape.count * outputs
    default: return 0
    }
  }

  /// The multiply-accumulate operations of one image in the whole graph.
  public var macs: Int { nodes.indices.reduce(0) { $0 + macs($1) } }
}
