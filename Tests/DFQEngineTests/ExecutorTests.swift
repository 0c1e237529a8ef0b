import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct ExecutorTests {
  /// Everything a pass gives, as bits.
  private func everything(
    _ network: Network, images: Tensor, mode: BatchNormMode, context: ExecutionContext,
    observing: Set<Int> = []
  ) throws -> [Float] {
    var stream = RandomStream(seed: 2, "targets")
    let output = network.graph.output
    let target = stream.tensor(
      Shape([images.rowCount] + network.graph.outputShape.dimensions))
    let moments = mode == .training ? [] : try network.batchNormStatistics()
    let response = try Executor(plan: Plan(network.graph, observing: observing), context: context)
      .run(
        images: images, parameters: network.parameters.values,
        request: .init(
          mode: mode, imageObjectives: [SquaredDistance(target: target, node: output)],
          momentObjectives: moments, imageGradient: true, parameterGradient: true,
          outputs: [output]))
    return response.outputs[0].elements + response.imageGradient!.elements
      + response.parameterGradient + response.momentLosses.map { Float($0) }
      + response.lossesByImage[0].map { Float($0) }
      + response.batchStatistics.flatMap { ($0.mean + $0.variance).map { Float($0) } }
  }

  /// 1 image, fewer images than shards, as many, and a number shards do not divide.
  @Test(arguments: [1, 3, 8, 11], ExecutionVariant.all)
  func threads(batch: Int, variant: ExecutionVariant) throws {
    for mode in [BatchNormMode.evaluation, .training] {
      try threads(batch: batch, mode: mode, variant: variant)
    }
  }

  private func threads(
    batch: Int, mode: BatchNormMode, variant: ExecutionVariant
  ) throws {
    let network = try Network.tinyResNet(projection: true)
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([batch, 8, 8, 3])
    let results = try [1, 2, 3].map {
      var context = variant.context
      context.pool = WorkerPool(threads: $0)
      return try everything(network, images: images, mode: mode, context: context)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
    #expect(results[0].allSatisfy { $0.isFinite })
  }

  /// An image's values do not depend on the batch around it.
  @Test(arguments: ExecutionVariant.all)
  func imagesOnTheirOwn(variant: ExecutionVariant) throws {
    let network = try Network.tinyResNet()
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([11, 8, 8, 3])
    let executor = FloatExecutor(network, context: variant.context)
    let together = try executor.logits(ofInputs: images)
    for image in 0..<11 {
      let alone = try executor.logits(ofInputs: images.rows(image..<image + 1))
      #expect(alone.elements == together.row(image).elements)
    }
  }

  /// Observing every node takes fusion apart; values are the same bits, gradients the same but for
  /// the order of additions.
  @Test(arguments: LayerCase.all)
  func fusion(_ layer: LayerCase) throws {
    let network = try layer.network()
    var stream = RandomStream(seed: 5)
    let images = stream.tensor(Shape([3] + layer.input.dimensions))
    let output = network.graph.output
    let all = Set(network.graph.nodes.indices)
    let target = stream.tensor(Shape([3] + network.graph.outputShape.dimensions))
    func run(_ observed: Set<Int>, _ outputs: [Int]) throws -> PassResult {
      try Executor(plan: Plan(network.graph, observing: observed), context: .init(threads: 1)).run(
        images: images, parameters: network.parameters.values,
        request: .init(
          imageObjectives: [SquaredDistance(target: target, node: output)], imageGradient: true,
          parameterGradient: true, outputs: outputs))
    }
    let fused = try run([], [output])
    let unfused = try run(all, all.sorted())
    #expect(fused.outputs[0].elements == unfused.outputs[output].elements)
    #expect(fused.totalLoss == unfused.totalLoss)
    #expect(
      relativeDistance(fused.imageGradient!.elements, unfused.imageGradient!.elements) < 1e-6)
    #expect(relativeDistance(fused.parameterGradient, unfused.parameterGradient) < 1e-6)
    let reference = ReferenceNetwork(network.graph).values(
      images: images.elements.map(Double.init), batch: 3,
      parameters: network.parameters.values.map(Double.init), training: false)
    for node in all {
      #expect(
        relativeDistance(unfused.outputs[node].elements, reference[node].map { Float($0) }) < 1e-5)
    }
  }

  /// Objectives at a value that is consumed too: their gradients meet there.
  @Test(arguments: [BatchNormMode.evaluation, .training])
  func tappedInside(mode: BatchNormMode) throws {
    let network = try LayerCase.meetings.first { $0.description == "projection unit" }!.network()
    let inside = try network.graph.position(of: "aNorm")
    var stream = RandomStream(seed: 7)
    let images = stream.tensor([4, 4, 5, 3])
    let targets = [inside, network.graph.output].map {
      stream.tensor(Shape([4] + network.graph.nodes[$0].outputShape.dimensions))
    }
    func run(_ weights: [Float]) throws -> [Float] {
      let response = try Executor(plan: Plan(network.graph, observing: [inside]), context: .default)
        .run(
          images: images, parameters: network.parameters.values,
          request: .init(
            mode: mode,
            imageObjectives: [
              SquaredDistance(target: targets[0], node: inside, weight: weights[0]),
              SquaredDistance(target: targets[1], node: network.graph.output, weight: weights[1]),
            ], imageGradient: true, parameterGradient: true))
      return response.imageGradient!.elements + response.parameterGradient
    }
    let sum = try zip(run([2, 0]), run([0, 3])).map { $0 + $1 }
    // Gradients are linear in the objectives' weights, up to rounding.
    #expect(try relativeDistance(run([2, 3]), sum) < 1e-5)
  }

  /// The gradient at the images alone keeps bits in the place of block outputs, and what is not
  /// kept in memory of the thread: it is the same bits as beside the gradient at the parameters.
  @Test(arguments: ExecutionVariant.all, ["resnet20-cifar", "mobilenetv2"])
  func imageGradientAlone(variant: ExecutionVariant, name: String) throws {
    let network = try Architecture(name: "\(name):input=16x16x3,classes=5").network(seed: 1)
    var stream = RandomStream(seed: 9, "images")
    let images = stream.tensor([11, 16, 16, 3])
    let target = stream.tensor([11, 5])
    let executor = Executor(plan: Plan(network.graph), context: variant.context)
    let gradients = try [true, false].map { wantsParameters in
      try executor.run(
        images: images, parameters: network.parameters.values,
        request: .init(
          imageObjectives: [SquaredDistance(target: target, node: network.graph.output)],
          momentObjectives: try network.batchNormStatistics(), imageGradient: true,
          parameterGradient: wantsParameters)
      ).imageGradient!.elements
    }
    let same = gradients[0] == gradients[1] && gradients[0].contains { $0 != 0 }
    #expect(same)
  }

  /// Losses do not depend on which gradients are asked for.
  @Test func lossesWithoutGradients() throws {
    let network = try Network.tinyResNet()
    var stream = RandomStream(seed: 8)
    let images = stream.tensor([5, 8, 8, 3])
    let executor = Executor(plan: Plan(network.graph), context: .init(threads: 1))
    for comparison in BatchNormStatistics.Comparison.allCases {
      let responses = try [(false, false), (true, false), (false, true)].map { wanted in
        try executor.run(
          images: images, parameters: network.parameters.values,
          request: .init(
            imageObjectives: [SquaredDistance(target: Tensor(shape: images.shape), node: 0)],
            momentObjectives: try network.batchNormStatistics(comparison: comparison),
            imageGradient: wanted.0, parameterGradient: wanted.1))
      }
      for response in responses {
        #expect(response.momentLosses == responses[1].momentLosses, "\(comparison)")
        #expect(response.imageLosses == responses[1].imageLosses, "\(comparison)")
      }
      #expect(responses[1].momentLosses.allSatisfy { $0 > 0 })
      #expect(responses[1].imageLosses[0] > 0)
    }
  }

  @Test func layersByName() throws {
    let network = try Network.tinyResNet()
    let images = Tensor(shape: [2, 8, 8, 3], repeating: 0.5)
    let executor = try FloatExecutor(network, observing: ["bn1"])
    let shape = try executor.values(of: "bn1", inputs: images).shape
    #expect(shape == [2, 8, 8, 16])
    #expect(throws: NetworkError.noSuchLayer(name: "bn9")) {
      _ = try FloatExecutor(network, observing: ["bn9"])
    }
    #expect(throws: NetworkError.noSuchLayer(name: "bn9")) {
      _ = try executor.values(of: "bn9", inputs: images)
    }
    #expect(throws: NetworkError.imageShape(expected: [8, 8, 3], found: [9, 8, 3])) {
      _ = try executor.logits(ofInputs: Tensor(shape: [1, 9, 8, 3]))
    }
    let none = try executor.logits(ofInputs: Tensor(shape: [0, 8, 8, 3]))
    #expect(none.shape == [0, 4])
  }
}
