import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// TexQ's second stage: centres of calibration images, and the generator that keeps to them.
@Suite struct TexQGeneratorTests {
  /// Means (3, 1) against (1, 0) and variances (2, 3) against (5, 1), over two channels: 9.
  @Test func classStatisticsByHand() throws {
    let objective = ClassStatistics(
      means: [nil, [1, 0]], variances: [nil, [5, 1]], classes: [0, 1], node: 0)
    let second = objective.evaluate(image: 1, mean: [3, 1], variance: [2, 3], count: 4)
    #expect(second.value == 9)
    #expect(second.meanGradient == [2, 1] && second.varianceGradient == [-3, 2])
    // The first image's class has no centre.
    let first = objective.evaluate(image: 0, mean: [3, 1], variance: [2, 3], count: 4)
    #expect(first.value == 0 && first.meanGradient == [0, 0] && first.varianceGradient == [0, 0])
    try objective.check(channels: 2)
    #expect(throws: NetworkError.self) { try objective.check(channels: 3) }
    let other = ClassStatistics(means: [[1]], variances: [[1]], classes: [1], node: 0)
    #expect(throws: NetworkError.self) { try other.check(channels: 1) }
  }

  private func calibrationImages(_ network: Network) throws -> SyntheticImages {
    try Synthesizer(
      teacher: network, method: TexQ(),
      configuration: TexQ.run(
        like: .init(count: 4, imagesPerBatch: 4, steps: 3, learningRate: 0.1, seed: 2))
    ).synthesize()
  }

  /// Images are at their own centres, and others are not.
  @Test func centres() throws {
    let network = try Network.tinyResNet()
    let images = try calibrationImages(network)
    let centres = try CalibrationCentres(of: images, in: network)
    func loss(_ classes: [Int]) throws -> Double {
      try FloatExecutor(network).run(
        images.images,
        request: PassRequest(
          momentObjectives: centres.objectives(for: network, classes: classes, weight: 1))
      ).totalLoss
    }
    let own = try loss(images.anchors)
    #expect(own < 1e-6)
    #expect(try loss(images.anchors.map { ($0 + 1) % 4 }) > 1000 * own + 1e-4)
    // A class without an image has no centre.
    let some = try CalibrationCentres(of: images.subset([0, 1]), in: network)
    let none = images.anchors[2]
    let result = try FloatExecutor(network).run(
      images.images,
      request: PassRequest(
        momentObjectives: some.objectives(
          for: network, classes: [Int](repeating: none, count: 4), weight: 1)))
    #expect(result.totalLoss == 0)
  }

  /// The loss has the distance to the centres once the method is prepared, and its gradient at the
  /// images is that of the sum.
  @Test func gradientAtTheImages() throws {
    let teacher = try Network.tinyResNet()
    let method = TexQGenerator(centreWeight: 2, calibrationSteps: 3)
    let executor = FloatExecutor(teacher)
    var stream = RandomStream(seed: 7, "test")
    let images = stream.tensor([6, 8, 8, 3])
    let labels = try Tensor.oneHot([0, 1, 2, 3, 0, 1], classCount: 4)
    func loss(_ method: TexQGenerator, _ images: Tensor) throws -> GeneratorLoss {
      try method.loss(
        SyntheticBatch(
          inputs: images, labels: labels, isEasy: [Bool](repeating: true, count: 6)),
        teacher: executor, feedback: nil)
    }
    #expect(try loss(method, images).losses.count == 2)
    let ready = try method.prepared(for: teacher, seed: 1, context: .default)
    let found = try loss(ready, images)
    #expect(
      found.losses.map(\.name) == ["cross entropy", "BN statistics", "class statistics"])
    #expect(found.losses[2].value > 0)
    try checkGradient(at: images.elements, found.gradient.elements, step: 1e-3, tolerance: 0.02) {
      try loss(ready, Tensor(shape: images.shape, elements: $0)).total
    }
    // What is prepared is no setting.
    #expect(try JSONEncoder().encode(ready).count == JSONEncoder().encode(method).count)
  }

  /// The distance falls while the generator learns.
  @Test func learns() throws {
    var source = try GeneratorSource(
      teacher: .tinyResNet(),
      method: TexQGenerator(noiseLength: 6, centreWeight: 1, calibrationSteps: 20),
      configuration: .init(
        count: 8, channels: 8, imagesPerStep: 8, warmUpSteps: 60, seed: 4))
    var losses: [Double] = []
    try source.warmUp { progress in
      losses.append(progress.losses.first { $0.name == "class statistics" }?.value ?? .nan)
    }
    #expect(losses.count == 60)
    let (first, last) = (losses.prefix(10).reduce(0, +), losses.suffix(10).reduce(0, +))
    #expect(last < 0.9 * first, "\(first) \(last)")
  }

  @Test func settings() throws {
    for bad in [
      TexQGenerator(centreWeight: -1), .init(statisticsWeight: .nan), .init(calibrationSteps: 0),
      .init(calibrationImages: 0), .init(calibration: TexQ(textureWeight: -1)),
    ] {
      #expect(throws: SynthesisError.self) {
        try GeneratorSource(teacher: .tinyResNet(), method: bad)
      }
    }
  }
}
