public import DFQTensor

/// A trained (or new) network: a graph of typed layers, named parameters and the normalization of
/// its input.
///
/// A value; nothing in it executes.
public struct Network: Sendable {
  /// The architecture's name in the zoo, such as `resnet20-cifar`, with its arguments.
  public let architecture: String
  /// The layers.
  public let graph: Graph
  /// The parameters.
  public var parameters: ParameterSet
  /// The normalization of real images.
  public let preprocessing: Preprocessing

  /// Makes a network; the parameters must be laid out for the graph.
  public init(
    architecture: String, graph: Graph, parameters: ParameterSet, preprocessing: Preprocessing
  ) {
    precondition(parameters.layout == ParameterLayout(graph), "parameters of another graph")
    self.architecture = architecture
    self.graph = graph
    self.parameters = parameters
    self.preprocessing = preprocessing
  }

  /// The number of classes.
  public var classCount: Int { graph.outputShape.count }
  /// The shape of one image, H W C.
  public var imageShape: Shape { graph.inputShape }

  /// The classifier: the last linear layer; throws `NetworkError.missingLayers` where there is
  /// none.
  public func classifier() throws -> (node: Int, weight: Tensor, bias: [Float]) {
    for node in graph.nodes.indices.reversed() {
      if let linear = graph.nodes[node].layer as? Linear {
        let bias = parameters.tensor(node: node, .bias)?.elements
        return (
          node, parameters.tensor(node: node, .weight)!,
          bias ?? [Float](repeating: 0, count: linear.outputs)
        )
      }
    }
    throw NetworkError.missingLayers(
      what: "linear layer", why: "class similarity is read from the rows of the last one")
  }

  /// Throws unless the network can be a teacher: batch norm present, every parameter finite.
  public func checkTeacher() throws {
    guard !graph.batchNorms.isEmpty else {
      throw NetworkError.missingLayers(
        what: "batch norm",
        why: "images are synthesized until they match its running statistics; "
          + "use weights in which batch norm has not been folded into the convolutions")
    }
    if let entry = parameters.firstNotFinite() {
      throw NetworkError.notFinite(layer: graph.nodes[entry.node].name, parameter: entry.name)
    }
  }
}
