import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// ZeroQ (Cai et al., CVPR 2020) as a user would write it, with public symbols alone.
struct WrittenZeroQ: SynthesisMethod {
  static let kind = "zeroq, written in a test"
  var weight: Float = 1

  func targets(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> StatisticsTargets {
    let network = batch.network
    var statistics: [any MomentObjective] = []
    for norm in network.graph.batchNorms {
      let parameters = network.parameters
      statistics.append(
        ImageStatistics(
          mean: parameters.tensor(node: norm, .runningMean)!.elements.map(Double.init),
          variance: parameters.tensor(node: norm, .runningVariance)!.elements.map(Double.init),
          node: network.graph.nodes[norm].inputs[0], weight: weight))
    }
    let channels = network.imageShape.dimensions.last!
    statistics.append(
      ImageStatistics(
        mean: [Double](repeating: 0, count: channels),
        variance: [Double](repeating: 1, count: channels), node: 0, weight: weight))
    return StatisticsTargets(statistics: statistics)
  }

  func objectives(
    step: Int, targets: StatisticsTargets, batch: SynthesisBatch
  ) -> SynthesisObjectives {
    SynthesisObjectives(moments: targets.statistics)
  }
}

/// The squared distances of each image's mean and deviation to those of batch norm.
struct ImageStatistics: MomentObjective {
  let name = "image statistics"
  let isPerImage = true
  let mean: [Double]
  let variance: [Double]
  let node: Int
  let weight: Float

  func evaluate(mean: [Double], variance: [Double], count: Int) -> MomentLoss {
    var loss = MomentLoss(value: 0, meanGradient: [], varianceGradient: [])
    let unbiased = count > 1 ? Double(count) / Double(count - 1) : 1
    for c in mean.indices {
      let deviation = (variance[c] * unbiased + 1e-6).squareRoot()
      let atMean = mean[c] - self.mean[c]
      let atDeviation = deviation - (self.variance[c] + 1e-6).squareRoot()
      loss.value += atMean * atMean + atDeviation * atDeviation
      loss.meanGradient.append(2 * atMean)
      loss.varianceGradient.append(atDeviation / deviation * unbiased)
    }
    return loss
  }
}

/// A method that uses every hook, on pixels alone: brightness is drawn to a level that learns.
private struct Levels: SynthesisMethod {
  static let kind = "levels"
  var level: Float = 0.5
  var bad = ""

  struct Targets: SynthesisTargets {
    var level: Float
    var steps = 0
    mutating func learn(
      logits: Tensor, rateShare: Float, context: ExecutionContext
    ) -> [NamedLoss] {
      steps += 1
      return [("constant", 0.25)]
    }
  }

  struct Square: PixelObjective {
    let name = "distance"
    let weight: Float = 2
    let level: Float
    let wrongShape: Bool
    func evaluate(
      images: Tensor, context: ExecutionContext
    ) -> (loss: Double, gradient: Tensor) {
      let differences = images.elements.map { $0 - level }
      return (
        differences.reduce(0) { $0 + Double($1) * Double($1) / 2 },
        Tensor(
          shape: wrongShape ? [images.count] : images.shape, elements: differences)
      )
    }
  }

  /// Halves the images.
  struct Half: ImageTransform {
    let wrongShape: Bool
    func apply(_ images: Tensor) -> Tensor {
      wrongShape
        ? Tensor(shape: [1]) : Tensor(shape: images.shape, elements: images.elements.map { $0 / 2 })
    }
    func pullback(_ gradient: Tensor, images: Tensor) -> Tensor {
      Tensor(shape: gradient.shape, elements: gradient.elements.map { $0 / 2 })
    }
  }

  var needsFinishedBatches: Bool { true }

  func check(_ network: Network) throws {
    if level > 10 { throw SynthesisError.badConfiguration(what: "a low level", found: "\(level)") }
  }

  func startingImages(_ batch: SynthesisBatch, stream: inout RandomStream) -> Tensor {
    Tensor(shape: bad == "start" ? [3] : batch.shape)
  }

  func targets(_ batch: SynthesisBatch, stream: inout RandomStream) -> Targets {
    // Each batch is brighter than the one before.
    Targets(level: level + (batch.finished.last?.images.elements.first ?? 0))
  }

  func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) -> (any ImageTransform)? { Half(wrongShape: bad == "transform") }

  func objectives(
    step: Int, targets: Targets, batch: SynthesisBatch
  ) throws -> SynthesisObjectives {
    #expect(targets.steps == step)
    return SynthesisObjectives(
      pixels: [Square(level: targets.level, wrongShape: bad == "gradient")])
  }

  func keeps(prediction: Int, support: [Int], difficulty: Difficulty) -> Bool {
    difficulty.predictionEntropy > 0.5 && bad != "keeps"
  }
}

@Suite struct MethodTests {
  /// The library's own form of the same loss gives the same bits.
  @Test func zeroQ() throws {
    let configuration = Synthesizer.Configuration(
      count: 6, imagesPerBatch: 4, steps: 20, learningRate: 0.1, seed: 3)
    let losses = Mutex<[Double]>([])
    let images = try Synthesizer(
      teacher: tinyNetwork(), method: WrittenZeroQ(), configuration: configuration
    ).synthesize { progress in
      #expect(progress.losses.map(\.name) == ["image statistics"])
      if progress.batch == 0 { losses.withLock { $0.append(progress.totalLoss) } }
    }
    let builtIn = try Synthesizer(
      teacher: tinyNetwork(),
      method: SoftLabelMethod(labels: Unlabelled(), statistics: .imageDeviation),
      configuration: configuration
    ).synthesize()
    #expect(images.images == builtIn.images && images.labels == builtIn.labels)
    let all = losses.withLock { $0 }
    #expect(all.count == 20 && all.last! < 0.8 * all[0])
    #expect(
      images.provenance["method"] == #"{"kind":"zeroq, written in a test","settings":{"weight":1}}"#
    )
  }

  @Test func everyHook() throws {
    let synthesizer = try Synthesizer(
      teacher: tinyNetwork(), method: Levels(),
      configuration: .init(count: 6, imagesPerBatch: 4, steps: 300, learningRate: 0.05))
    let images = try synthesizer.synthesize { progress in
      #expect(progress.losses.map(\.name) == ["distance", "constant"])
      #expect(progress["constant"] == 0.25 && progress["another"] == nil)
      #expect(abs(progress.totalLoss - (progress["distance"] ?? .nan) - 0.25) < 1e-9)
    }
    // Half of an image has its level: 0.5, and then 0.5 + 1.
    #expect(images.images.rows(0..<4).elements.allSatisfy { abs($0 - 1) < 0.01 })
    #expect(images.images.rows(4..<6).elements.allSatisfy { abs($0 - 3) < 0.02 })
    #expect(try synthesizer.images(ofBatch: 1).images == images.images.rows(4..<6))
  }

  @Test func checkpointsHoldWhatLaterBatchesNeed() throws {
    try withDirectory { directory in
      let synthesizer = try Synthesizer(
        teacher: tinyNetwork(), method: Levels(),
        configuration: .init(count: 6, imagesPerBatch: 4, steps: 20))
      let whole = try synthesizer.synthesize(checkpoint: directory)
      try FileManager.default.removeItem(atPath: "\(directory)/batch-1.safetensors")
      #expect(try synthesizer.synthesize(checkpoint: directory).images == whole.images)
      #expect(throws: SynthesisError.self) {
        try Synthesizer(
          teacher: tinyNetwork(), method: Levels(level: 1),
          configuration: synthesizer.configuration
        ).synthesize(checkpoint: directory)
      }
    }
  }

  @Test(arguments: ["start", "transform", "gradient"])
  func badShapes(of part: String) throws {
    let synthesizer = try Synthesizer(
      teacher: tinyNetwork(), method: Levels(bad: part),
      configuration: .init(count: 2, steps: 2))
    #expect(throws: SynthesisError.self) { try synthesizer.synthesize() }
  }

  @Test func methodsAreChecked() throws {
    #expect(throws: SynthesisError.self) {
      try Synthesizer(teacher: tinyNetwork(), method: Levels(level: 11))
    }
    var broken = try tinyNetwork()
    broken.parameters.values[0] = .infinity
    #expect(throws: NetworkError.self) { try Synthesizer(teacher: broken, method: Levels()) }
  }

  @Test func allDropped() throws {
    let synthesizer = try Synthesizer(
      teacher: tinyNetwork(), method: Levels(bad: "keeps"),
      configuration: .init(count: 5, imagesPerBatch: 3, steps: 1))
    #expect(throws: SynthesisError.allDropped(count: 5)) { try synthesizer.synthesize() }
    #expect(try synthesizer.images(ofBatch: 0).count == 0)
  }

  /// A step's objectives may look at layers that those of the first step did not.
  @Test func objectivesMayChange() throws {
    struct Changing: SynthesisMethod {
      static let kind = "changing"
      func targets(
        _ batch: SynthesisBatch, stream: inout RandomStream
      ) throws -> StatisticsTargets {
        StatisticsTargets(statistics: try batch.network.batchNormStatistics())
      }
      func objectives(
        step: Int, targets: StatisticsTargets, batch: SynthesisBatch
      ) -> SynthesisObjectives {
        SynthesisObjectives(
          moments: Array(targets.statistics.suffix(step + 1)))
      }
    }
    let images = try Synthesizer(
      teacher: tinyNetwork(), method: Changing(), configuration: .init(count: 2, steps: 4)
    ).synthesize()
    #expect(images.count == 2 && images.images.isFinite)
  }

  @Test(arguments: [-1, 1000, .max])
  func noSuchLayer(node: Int) throws {
    struct Lost: SynthesisMethod {
      static let kind = "lost"
      var node: Int
      func targets(
        _ batch: SynthesisBatch, stream: inout RandomStream
      ) throws -> StatisticsTargets { StatisticsTargets(statistics: []) }
      func objectives(
        step: Int, targets: StatisticsTargets, batch: SynthesisBatch
      ) throws -> SynthesisObjectives {
        SynthesisObjectives(
          images: [
            CrossEntropy(
              labels: try .oneHot([0, 1], classCount: batch.network.classCount), node: node)
          ])
      }
    }
    let synthesizer = try Synthesizer(
      teacher: tinyNetwork(), method: Lost(node: node), configuration: .init(count: 2, steps: 2))
    #expect(throws: NetworkError.self) { try synthesizer.synthesize() }
  }
}

/// Labels that record how they are executed when they learn.
private struct Watched: LabelStrategy {
  static let kind = "watched"

  struct Targets: LabelTargets {
    let batch: LabelBatch
    var labels: Tensor? { batch.labels }
    var finalLabels: LabelBatch? { batch }
    mutating func learn(
      logits: Tensor, labelWeight: Float, rateShare: Float, context: ExecutionContext
    ) -> [NamedLoss] {
      #expect(context.instructionSet == .scalar && context.backend == .blas)
      #expect(labelWeight == 0.5 && rateShare == 1 && logits.shape == [2, 4])
      return [("learned", 1)]
    }
  }

  func labels(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> LabelBatch {
    try OneHotLabels().labels(count: count, network: network, stream: &stream)
  }

  func targets(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> any LabelTargets {
    Targets(batch: try labels(count: count, network: network, stream: &stream))
  }
}

@Suite struct SynthesisControlTests {
  /// Labels learn by the run's context, not by one with threads of its own.
  @Test func labelsLearnInTheRunsContext() throws {
    let losses = Mutex<[Double?]>([])
    _ = try SoftLabelSynthesizer(
      teacher: tinyNetwork(),
      configuration: .init(
        count: 2, steps: 2, labels: Watched(), labelWeight: 0.5, dropUnfaithful: false),
      context: .init(threads: 1, instructionSet: .scalar, backend: .blas)
    ).synthesize { progress in losses.withLock { $0.append(progress["learned"]) } }
    #expect(losses.withLock { $0 } == [1, 1])
  }

  private func synthesizer(steps: Int = 1_000_000) throws -> SoftLabelSynthesizer {
    try SoftLabelSynthesizer(
      teacher: tinyNetwork(),
      configuration: .init(count: 4, imagesPerBatch: 2, steps: steps, dropUnfaithful: false))
  }

  @Test func progressThatThrows() throws {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try synthesizer().synthesize { progress in if progress.step == 3 { throw Stop() } }
    }
  }

  @Test(.timeLimit(.minutes(1))) func cancellation() async throws {
    let synthesizer = try synthesizer()
    let (steps, continuation) = AsyncStream.makeStream(of: Int.self)
    let task = Task {
      try await synthesizer.synthesize { progress in continuation.yield(progress.step) }
    }
    for await step in steps where step == 2 { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }

  @Test func asynchronousGivesTheSameBits() async throws {
    let synthesizer = try synthesizer(steps: 3)
    func waiting() throws -> SyntheticImages { try synthesizer.synthesize() }
    #expect(try await synthesizer.synthesize().images == waiting().images)
  }
}

@Suite struct SynthesisErrorTests {
  @Test(arguments: [
    SynthesisError.badConfiguration(what: "a\nb", found: "\u{1B}[2J"),
    .badImages(source: "file\u{1B}[31m", expected: "x\r", found: "\u{7}"),
    .otherRun(path: "a\tb", setting: "c\nd", expected: "\u{0}", found: "\u{2028}"),
    .otherTeacher(expected: "a\nb", found: "\u{1B}c"), .allDropped(count: 3),
  ])
  func oneLine(error: SynthesisError) {
    let text = "\(error)"
    #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    #expect(!text.contains("\n") && !text.contains("\u{2028}"))
    #expect(error.localizedDescription == text)
  }
}

@Suite struct OtherTeacherTests {
  @Test func imagesNameTheirTeacher() throws {
    let teacher = try tinyNetwork()
    let images = try SoftLabelSynthesizer(
      teacher: teacher, configuration: .init(count: 2, steps: 1, dropUnfaithful: false)
    ).synthesize()
    #expect(images.isSynthesized(from: teacher) == true)
    try images.check(teacher: teacher)
    let other = try tinyNetwork(seed: 2)
    #expect(images.isSynthesized(from: other) == false)
    do {
      try images.check(teacher: other)
      Issue.record("accepted another teacher")
    } catch SynthesisError.otherTeacher(let expected, let found) { #expect(expected != found) }
    // A set that does not say fits every network of its shape, and no other.
    let silent = SyntheticImages.random(2, shape: [12, 12, 3])
    #expect(silent.isSynthesized(from: teacher) == nil)
    try silent.check(teacher: teacher)
    for set in [SyntheticImages.random(2), .random(2, shape: [12, 12, 3], classes: 5)] {
      do {
        try set.check(teacher: teacher)
        Issue.record("accepted another shape")
      } catch SynthesisError.badImages {}
    }
  }
}
