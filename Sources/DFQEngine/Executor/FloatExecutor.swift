public import DFQGraph
public import DFQFiles
public import DFQTensor

/// Runs a network in floating point: logits, values of any layer, gradients of objectives.
///
/// It keeps its memory between calls; make one and use it from one task at a time.
public final class FloatExecutor {
  /// The network.
  public let network: Network
  private let executor: Executor
  /// The images computed at a time.
  private let batch = 128

  /// Makes an executor that can also return the values of the named layers.
  ///
  /// - Throws: `NetworkError.noSuchLayer` for a name the network does not have.
  public convenience init(
    _ network: Network, observing layers: [String], context: ExecutionContext = .default
  ) throws {
    self.init(
      network, nodes: Set(try layers.map { try network.graph.position(of: $0) }), context: context)
  }

  /// Makes an executor.
  public convenience init(_ network: Network, context: ExecutionContext = .default) {
    self.init(network, nodes: [], context: context)
  }

  package init(_ network: Network, nodes: Set<Int>, context: ExecutionContext) {
    self.network = network
    executor = Executor(plan: Plan(network.graph, observing: nodes), context: context)
  }

  /// The logits N C of inputs N H W C that are already normalized; throws
  /// `NetworkError.imageShape`.
  public func logits(ofInputs inputs: Tensor) throws -> Tensor {
    try values(of: [network.graph.output], inputs: inputs)[0]
  }

  /// The values of a layer, N and the layer's shape, for inputs N H W C; throws `NetworkError`.
  public func values(of layer: String, inputs: Tensor) throws -> Tensor {
    try values(of: [network.graph.position(of: layer)], inputs: inputs)[0]
  }

  /// Runs one batch of inputs N H W C and returns what `request` asks for: losses, layers' values and
  /// gradients at the images and at the parameters.
  ///
  /// `parameters` replaces the network's own, in the order of its ``ParameterLayout``. Objectives and
  /// outputs may look at any layer that the executor observes; the input, the logits and the inputs of
  /// batch norms always have values.
  ///
  /// - Throws: ``NetworkError`` where the inputs, the parameters or a node of the request do not fit the
  ///   network, and what the objectives' checks throw.
  public func run(
    _ inputs: Tensor, parameters: [Float]? = nil, request: PassRequest
  ) throws -> PassResult {
    try executor.run(
      images: inputs, parameters: parameters ?? network.parameters.values, request: request)
  }

  /// The forward half of a pass of training, see ``Executor/begin(images:parameters:request:)``.
  package func begin(
    _ inputs: Tensor, parameters: [Float], request: PassRequest
  ) throws -> [Tensor] {
    try executor.begin(images: inputs, parameters: parameters, request: request)
  }

  /// The backward half of the pass that was begun last; nil where another pass has used the memory since.
  package func finish(_ objectives: [any ImageObjective]) throws -> PassResult? {
    try executor.finish(objectives)
  }

  package func values(of nodes: [Int], inputs: Tensor) throws -> [Tensor] {
    guard inputs.rowShape == network.imageShape else {
      throw NetworkError.imageShape(expected: network.imageShape, found: inputs.rowShape)
    }
    for node in nodes where !executor.plan.hasValue[node] {
      throw NetworkError.notObserved(layer: network.graph.nodes[node].name)
    }
    var parts = nodes.map { _ in [Tensor]() }
    for start in stride(from: 0, to: inputs.rowCount, by: batch) {
      let response = try executor.run(
        images: inputs.rows(start..<min(start + batch, inputs.rowCount)),
        parameters: network.parameters.values, request: .init(outputs: nodes))
      for place in nodes.indices { parts[place].append(response.outputs[place]) }
    }
    return zip(nodes, parts).map { node, parts in
      parts.isEmpty
        ? Tensor(shape: Shape([0] + network.graph.nodes[node].outputShape.dimensions))
        : Tensor.concatenating(parts)
    }
  }

  /// The logits N C of real images (all of them, or a range); throws `NetworkError.imageShape` and
  /// what the data set throws.
  public func logits(of images: any RealImages, range: Range<Int>? = nil) throws -> Tensor {
    let range = range ?? 0..<images.count
    var parts: [Tensor] = []
    for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
      let inputs = try network.inputs(images, at: start..<min(start + batch, range.upperBound))
      parts.append(try logits(ofInputs: inputs))
    }
    return parts.isEmpty ? Tensor(shape: [0, network.classCount]) : Tensor.concatenating(parts)
  }

  /// The bytes that an executor holds for passes of a kind over `batch` images.
  public static func bytes(
    _ network: Network, batch: Int, request: PassRequest, context: ExecutionContext = .default
  ) -> Int {
    Executor.bytes(network.graph, batch: batch, request: request, context: context)
  }
}
