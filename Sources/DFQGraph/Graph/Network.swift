public import DFQTensor

/// A trained (or new) network: a graph of typed layers, named parameters and the normalization of
/// its input.
///
/// A network is a value; an executor runs it.
public struct Network: Sendable {
  /// The name for people, such as `resnet20-cifar:input=32x32x3,classes=10`.
  ///
  /// Networks of the zoo carry the name that ``Architecture/init(name:)`` reads. A graph of your
  /// own may have any name.
  public let architecture: String
  /// The layers.
  public let graph: Graph
  /// The parameters, laid out for the graph.
  public package(set) var parameters: ParameterSet
  /// The normalization of real images.
  public let preprocessing: Preprocessing

  /// Creates a network from its parts.
  ///
  /// - Throws: ``NetworkError/parametersDoNotFit(expected:found:)`` where the parameters are laid
  ///   out for another graph, ``NetworkError/imageShape(expected:found:)`` where the normalization
  ///   has another number of channels than the images.
  public init(
    architecture: String = "custom", graph: Graph, parameters: ParameterSet,
    preprocessing: Preprocessing
  ) throws {
    try parameters.check(ParameterLayout(graph))
    let image = graph.inputShape
    if image.rank == 3, image[2] != preprocessing.mean.count {
      throw NetworkError.imageShape(
        expected: [image[0], image[1], preprocessing.mean.count], found: image)
    }
    self.architecture = architecture
    self.graph = graph
    self.parameters = parameters
    self.preprocessing = preprocessing
  }

  /// Creates a network with new parameters drawn from a seed.
  ///
  /// - Throws: ``NetworkError/imageShape(expected:found:)`` where the normalization has another
  ///   number of channels than the images.
  public init(
    architecture: String = "custom", graph: Graph, preprocessing: Preprocessing, seed: UInt64
  ) throws {
    try self.init(
      architecture: architecture, graph: graph,
      parameters: ParameterSet(initializing: ParameterLayout(graph), seed: seed),
      preprocessing: preprocessing)
  }

  /// The number of classes.
  public var classCount: Int { graph.outputShape.count }
  /// The shape of one image, H W C.
  public var imageShape: Shape { graph.inputShape }

  /// Replaces the parameters.
  ///
  /// - Throws: ``NetworkError/parametersDoNotFit(expected:found:)`` where they are laid out for
  ///   another graph.
  public mutating func setParameters(_ parameters: ParameterSet) throws {
    try parameters.check(self.parameters.layout)
    self.parameters = parameters
  }

  /// Calls a closure that changes the parameters' values in place.
  public mutating func withMutableParameters<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try parameters.withMutableValues(body)
  }

  /// Returns the last linear layer: its position, its weights I O and its bias.
  ///
  /// - Throws: ``NetworkError/missingLayers(what:why:)`` where there is none.
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

  /// Checks that the network can be a teacher: it has batch norm and every parameter is finite.
  ///
  /// - Throws: ``NetworkError/missingLayers(what:why:)`` or
  ///   ``NetworkError/notFinite(layer:parameter:)``.
  public func checkTeacher() throws {
    guard !graph.batchNorms.isEmpty else {
      throw NetworkError.missingLayers(
        what: "batch norm",
        why: "images are synthesized until they match its running statistics; "
          + "use weights in which batch norm has not been folded into the convolutions, or a method that needs no statistics"
      )
    }
    try checkFinite()
  }

  /// Checks that every parameter is finite.
  ///
  /// - Throws: ``NetworkError/notFinite(layer:parameter:)``.
  public func checkFinite() throws {
    if let entry = parameters.firstNotFinite() {
      throw NetworkError.notFinite(layer: graph.nodes[entry.node].name, parameter: entry.name)
    }
  }
}
