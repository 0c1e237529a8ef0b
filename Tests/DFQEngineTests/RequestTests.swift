import DFQTestSupport
import DynaDFQ
import Testing

/// What a pass refuses before it touches memory.
@Suite struct RequestTests {
  private func network() throws -> Network { try Network.tinyResNet() }

  private func run(
    _ network: Network, images: Tensor = Tensor(shape: [2, 8, 8, 3]), parameters: [Float]? = nil,
    observing: [String] = [], _ request: PassRequest
  ) throws -> PassResult {
    try FloatExecutor(network, observing: observing, context: .init(threads: 1)).run(
      images, parameters: parameters, request: request)
  }

  /// Fusion leaves no value at `bn1`, which `relu1` follows: a loss there was zero without a word,
  /// or read memory in front of the values.
  @Test func removedNodes() throws {
    let network = try network()
    let node = try network.graph.position(of: "bn1")
    let shape = network.graph.nodes[node].outputShape
    let objective = SquaredDistance(
      target: Tensor(shape: Shape([2] + shape.dimensions)), node: node)
    let moments = BatchNormStatistics(
      targetMean: [Double](repeating: 0, count: 16),
      targetVariance: [Double](repeating: 1, count: 16), comparison: .batchVariance, node: node,
      weight: 1)
    let requests = [
      PassRequest(imageObjectives: [objective]),
      PassRequest(imageObjectives: [objective], imageGradient: true),
      PassRequest(momentObjectives: [moments], parameterGradient: true),
      PassRequest(outputs: [node]),
    ]
    for request in requests {
      #expect(throws: NetworkError.notObserved(layer: "bn1")) {
        _ = try run(network, request)
      }
      _ = try run(network, observing: ["bn1"], request)
    }
  }

  @Test(arguments: [-1, 1000, Int.max])
  func nodesOutOfRange(node: Int) throws {
    let network = try network()
    let objective = SquaredDistance(target: Tensor(shape: [2, 4]), node: node)
    for request in [PassRequest(imageObjectives: [objective]), PassRequest(outputs: [node])] {
      #expect(throws: NetworkError.noSuchLayer(name: "number \(node)")) {
        _ = try run(network, request)
      }
    }
  }

  @Test func momentsInTraining() throws {
    let network = try network()
    let request = PassRequest(
      mode: .training, momentObjectives: try network.batchNormStatistics(), imageGradient: true)
    #expect(throws: NetworkError.momentsInTraining(objective: "BN statistics")) {
      _ = try run(network, request)
    }
  }

  @Test func shapesAndCounts() throws {
    let network = try network()
    #expect(throws: NetworkError.imageShape(expected: [8, 8, 3], found: [8, 9, 3])) {
      _ = try run(network, images: Tensor(shape: [2, 8, 9, 3]), .init())
    }
    #expect(throws: NetworkError.noImages(what: "a pass")) {
      _ = try run(network, images: Tensor(shape: [0, 8, 8, 3]), .init())
    }
    let count = network.parameters.values.count
    #expect(throws: NetworkError.parameterCount(expected: count, found: 3)) {
      _ = try run(network, parameters: [1, 2, 3], .init())
    }
  }

  /// Targets of another batch, or of another number of classes.
  @Test(arguments: [Shape([3, 4]), [2, 5], [1, 4]])
  func targets(shape: Shape) throws {
    let network = try network()
    let output = network.graph.output
    let objectives: [any ImageObjective] = [
      CrossEntropy(labels: Tensor(shape: shape), node: output),
      Distillation(teacherLogits: Tensor(shape: shape), node: output),
    ]
    for objective in objectives {
      #expect(
        throws: NetworkError.targetShape(objective: objective.name, expected: [2, 4], found: shape)
      ) {
        _ = try run(network, .init(imageObjectives: [objective], imageGradient: true))
      }
    }
  }

  /// A user's own way to gradients: objectives at an inner layer and at the logits, other
  /// parameters, both gradients; against central differences.
  @Test func gradientsForEverybody() throws {
    let network = try network()
    let executor = try FloatExecutor(network, observing: ["bn1"], context: .init(threads: 1))
    let node = try network.graph.position(of: "bn1")
    var stream = RandomStream(seed: 4)
    let images = stream.tensor([3, 8, 8, 3])
    let features = stream.tensor(Shape([3] + network.graph.nodes[node].outputShape.dimensions))
    let objectives: [any ImageObjective] = [
      FeatureAlignment(teacherFeatures: features, node: node, weight: 2),
      CrossEntropy(
        labels: try .oneHot([0, 3, 1], classCount: 4), node: network.graph.output, weight: 0.5),
    ]
    var parameters = network.parameters.values
    for range in network.parameters.layout.learnedRanges {
      for index in range { parameters[index] += 0.01 * stream.normal() }
    }
    func loss(_ images: Tensor, _ parameters: [Float]) throws -> Double {
      try executor.run(images, parameters: parameters, request: .init(imageObjectives: objectives))
        .totalLoss
    }
    let result = try executor.run(
      images, parameters: parameters,
      request: .init(imageObjectives: objectives, imageGradient: true, parameterGradient: true))
    #expect(try result.totalLoss == loss(images, parameters))
    #expect(result.imageLosses.allSatisfy { $0 > 0 })

    // Along the gradient itself, where the loss changes most and few kinks are passed.
    func check(_ gradient: [Float], at point: [Float], _ loss: ([Float]) throws -> Double) throws {
      let norm = dot(gradient, gradient).squareRoot()
      let direction = gradient.map { $0 / Float(norm) }
      let derivative = try directionalDerivative(at: point, along: direction, step: 1e-2, loss)
      #expect(norm > 1e-3)
      // The losses are sums of single-precision values; some kinks remain.
      #expect(abs(derivative / norm - 1) < 1e-2)
    }
    try check(result.imageGradient!.elements, at: images.elements) {
      try loss(Tensor(shape: images.shape, elements: $0), parameters)
    }
    try check(result.parameterGradient, at: parameters) { try loss(images, $0) }
  }
}
