import DFQTestSupport
import DynaDFQ
import Testing

/// Genie: shifts and losses worked by hand, their gradients, and the generator of a batch.
@Suite struct GenieTests {
  /// The cost in the catalogue: the swinging teacher's step is one of synthesis, the generator has a forward pass and its gradients
  /// at inputs and weights.
  @Test func listedCost() throws {
    let teacher = try Architecture(.cifarResNet(depth: 20, projection: false)).network(seed: 1)
    let generator = try Graph.latentGenerator(
      latentLength: 256, imageShape: teacher.imageShape, channels: 128)
    let counted = 1 + Double(3 * generator.macs) / Double(2 * teacher.graph.macs)
    #expect(abs(Genie.summary.cost - counted) < 0.05)
  }

  private static func swing(_ shape: Shape, reach: Int) throws -> Network {
    var b = GraphBuilder(input: shape)
    try b.add("swing", Swing(reach: reach), b.input)
    return Network.random(b.build())
  }

  /// A map of 3 x 3, padded to 5 x 5 by reflection, from row 0 and column 2 on.
  @Test func shiftByHand() throws {
    let network = try Self.swing([3, 3, 1], reach: 1)
    let executor = try FloatExecutor(network, observing: ["swing"])
    let image = Tensor(shape: [1, 3, 3, 1], elements: [1, 2, 3, 4, 5, 6, 7, 8, 9])
    func shifted(_ row: Float, _ column: Float) throws -> [Float] {
      try executor.run(image, parameters: [row, column], request: .init(outputs: [1])).outputs[0]
        .elements
    }
    #expect(try shifted(1, 1) == image.elements)
    #expect(try shifted(0, 2) == [5, 6, 5, 2, 3, 2, 5, 6, 5])
    #expect(try shifted(2, 1) == [4, 5, 6, 7, 8, 9, 4, 5, 6])
  }

  /// The gradient is the transpose of the shift.
  @Test func transpose() throws {
    let network = try Self.swing([5, 4, 2], reach: 2)
    let executor = try FloatExecutor(network, observing: ["swing"])
    var stream = RandomStream(seed: 2, "swing")
    let (x, target) = (stream.tensor([3, 5, 4, 2]), Tensor(shape: [3, 5, 4, 2]))
    for offset: [Float] in [[0, 4], [3, 1], [2, 2]] {
      // Half the squared distance to 0: the gradient at the images is the transpose of the value.
      let result = try executor.run(
        x, parameters: offset,
        request: .init(
          imageObjectives: [SquaredDistance(target: target, node: 1)], imageGradient: true,
          outputs: [1]))
      let (value, gradient) = (result.outputs[0].elements, result.imageGradient!.elements)
      #expect(abs(3 * dot(gradient, x.elements) - dot(value, value)) < 1e-3)
    }
  }

  /// Swings stand in front of convolutions with a stride; where nothing is shifted the logits are the teacher's.
  @Test func swingingNetwork() throws {
    let network = try Network.tinyResNet()
    let swinging = try SwingingNetwork(network)
    let names = swinging.network.graph.nodes.filter { $0.layer is Swing }.map(\.name)
    #expect(names == ["layer2.0.conv1.swing", "layer3.0.conv1.swing"])
    var stream = RandomStream(seed: 3, "images")
    let images = stream.tensor([4, 8, 8, 3])
    let executor = FloatExecutor(swinging.network)
    let expected = try FloatExecutor(network).logits(ofInputs: images)
    #expect(try executor.logits(ofInputs: images) == expected)
    let moved = try executor.run(
      images, parameters: swinging.parameters(stream: &stream),
      request: .init(outputs: [swinging.network.graph.output]))
    #expect(moved.outputs[0] != expected)
  }

  /// Means 1 and 0, deviations 2 and 1 over 4 values, against 0, 0 and 1, 1.
  @Test func statisticsByHand() {
    let loss = DeviationStatistics(targetMean: [0, 0], targetVariance: [1, 1], node: 1)
    // Unbiased: 3 * 4 / 3 = 4.
    let found = loss.evaluate(mean: [1, 0], variance: [3, 0.75], count: 4)
    #expect(abs(found.value - (1 + 1) / 2.0) < 1e-5)
    #expect(found.meanGradient == [1, 0])
    // (2 - 1) / 2 * 4 / 3 / 2.
    #expect(abs(found.varianceGradient[0] - 1 / 3.0) < 1e-5)
    #expect(abs(found.varianceGradient[1]) < 1e-5)
  }

  @Test func finiteDifferences() {
    var stream = RandomStream(seed: 4, "moments")
    let loss = DeviationStatistics(
      targetMean: stream.normals(3).map(Double.init), targetVariance: [0.5, 1, 2], node: 1)
    let (mean, variance) = (stream.normals(3).map(Double.init), [0.7, 0.9, 3])
    let found = loss.evaluate(mean: mean, variance: variance, count: 9)
    for c in 0..<3 {
      func value(_ dMean: Double, _ dVariance: Double) -> Double {
        var (mean, variance) = (mean, variance)
        mean[c] += dMean
        variance[c] += dVariance
        return loss.evaluate(mean: mean, variance: variance, count: 9).value
      }
      let h = 1e-5
      #expect(abs((value(h, 0) - value(-h, 0)) / (2 * h) - found.meanGradient[c]) < 1e-7)
      #expect(abs((value(0, h) - value(0, -h)) / (2 * h) - found.varianceGradient[c]) < 1e-7)
    }
  }

  /// The gradients at latent vectors and weights, through batch norms with the batch's statistics.
  @Test func generatorGradient() throws {
    let graph = try Graph.latentGenerator(latentLength: 6, imageShape: [8, 8, 3], channels: 4)
    let generator = Network.random(graph, seed: 5)
    var stream = RandomStream(seed: 6, "latents")
    let (latents, direction) = (stream.tensor([4, 6]), stream.tensor([4, 8, 8, 3]))
    func made(_ latents: [Float]) -> GeneratedImages {
      GeneratedImages(
        generator: generator, latents: Tensor(shape: [4, 6], elements: latents), rate: 0.01,
        decay: 0.95, context: .init(threads: 2))
    }
    let gradient = try made(latents.elements).gradients(direction).latents.elements
    let norm = dot(gradient, gradient).squareRoot()
    let slope = try directionalDerivative(
      at: latents.elements, along: gradient.map { $0 / Float(norm) }, step: 1e-2
    ) { dot(try made($0).images().elements, direction.elements) }
    #expect(abs(slope - norm) < 0.02 * norm, "\(slope) \(norm)")
    var learning = made(latents.elements)
    try learning.learn(gradient: direction, step: 0, rate: 0.1, context: .init(threads: 2))
    // Adam's first step is the rate.
    let moved = zip(learning.latents.elements, latents.elements).map { abs($0 - $1) }
    #expect(moved.allSatisfy { abs($0 - 0.1) < 1e-3 })
    let weights = zip(learning.parameters, generator.parameters.values).map { abs($0 - $1) }
    #expect(abs(weights.max()! - 0.01) < 1e-4)
  }

  /// The loss falls, the bits are those of a resumed run and of any number of threads.
  @Test func synthesis() throws {
    var run = Genie.run(like: .init(count: 16, imagesPerBatch: 8, steps: 40, seed: 2))
    run.patience = 100
    let network = try tinyNetwork()
    let method = Genie(latentLength: 16, channels: 8)
    func synthesizer(_ threads: Int) throws -> Synthesizer {
      try Synthesizer(
        teacher: network, method: method, configuration: run, context: .init(threads: threads))
    }
    var losses: [Double] = []
    let whole = try synthesizer(2).synthesize { losses.append($0.losses[0].value) }
    #expect(losses.count == 80 && losses[39] < 0.7 * losses[0], "\(losses)")
    #expect(whole.count == 16)
    #expect(try synthesizer(1).synthesize().images == whole.images)
    #expect(whole.images.rows(0..<8) != whole.images.rows(8..<16))
    try withDirectory { folder in
      #expect(throws: CancellationError.self) {
        _ = try synthesizer(2).synthesize(checkpoint: folder) {
          if $0.batch == 1 { throw CancellationError() }
        }
      }
      let resumed = try synthesizer(2).synthesize(checkpoint: folder)
      #expect(resumed.images == whole.images && resumed.labels == whole.labels)
    }
    run.clampPixels = true
    let clamped = try synthesizer(2).synthesize().images.elements
    let normalization = network.preprocessing
    for place in clamped.indices {
      let channel = place % 3
      let value =
        clamped[place] * normalization.standardDeviation[channel] + normalization.mean[channel]
      #expect(value > -1e-5 && value < 1 + 1e-5)
    }
    var still = method
    still.swings = false
    #expect(
      try Synthesizer(teacher: network, method: still, configuration: run).synthesize().images
        != whole.images)
  }

  @Test func refusals() throws {
    let network = try tinyNetwork()
    for method in [
      Genie(latentLength: 0), Genie(channels: 3), Genie(generatorRate: -1),
      Genie(generatorDecay: 2),
    ] {
      #expect(throws: SynthesisError.self) { try method.check(network) }
    }
    let odd = try Architecture(
      .cifarResNet(depth: 8, projection: false), imageShape: [10, 10, 3], classCount: 4
    ).network(seed: 1)
    #expect(throws: SynthesisError.self) { try Genie().check(odd) }
  }
}
