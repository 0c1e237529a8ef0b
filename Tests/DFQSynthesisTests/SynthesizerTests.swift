import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

@Suite struct SynthesizerTests {
  typealias Configuration = SoftLabelSynthesizer.Configuration

  private func configuration(
    _ change: (inout Configuration) -> Void = { _ in }
  ) -> Configuration {
    var result = Configuration(
      count: 10, imagesPerBatch: 6, steps: 5, learningRate: 0.1, dropUnfaithful: false, seed: 3)
    change(&result)
    return result
  }

  private func synthesizer(
    threads: Int = 2, _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> SoftLabelSynthesizer {
    try SoftLabelSynthesizer(
      teacher: tinyNetwork(), configuration: configuration(change),
      context: .init(threads: threads))
  }

  /// A label strategy as an argument of tests.
  struct Labels: Sendable, CustomTestStringConvertible {
    let strategy: any LabelStrategy
    init(_ strategy: any LabelStrategy) { self.strategy = strategy }
    var testDescription: String { (try? strategy.identity) ?? "\(strategy)" }
  }

  static let strategies = [
    Labels(SoftLabels()), Labels(RefinedLabels()), Labels(RefinedLabels(mode: .logits)),
    Labels(OneHotLabels()), Labels(Unlabelled()),
  ]

  @Test(arguments: strategies)
  func everyStrategy(labels: Labels) throws {
    let images = try synthesizer { $0.labels = labels.strategy }.synthesize()
    #expect(images.count == 10 && images.images.shape == [10, 12, 12, 3])
    #expect(images.images.isFinite)
    for row in 0..<10 {
      #expect(abs(images.labels.row(row).elements.reduce(0, +) - 1) < 1e-4)
    }
    #expect(images.provenance["seed"] == "3" && images.provenance["dropped"] == "0")
    try withDirectory {
      try images.write(to: "\($0)/images.safetensors")
      #expect(try SyntheticImages(contentsOf: "\($0)/images.safetensors").images == images.images)
    }
  }

  @Test(arguments: strategies)
  func sameBits(labels: Labels) throws {
    let change: (inout Configuration) -> Void = {
      $0.labels = labels.strategy
      $0.augmentation = .always
    }
    let whole = try synthesizer(threads: 1, change).synthesize()
    let again = try synthesizer(threads: 2, change).synthesize()
    #expect(whole.images == again.images && whole.labels == again.labels)
    let second = try synthesizer(change).images(ofBatch: 1)
    #expect(second.count == 4)
    #expect(second.images == whole.images.rows(6..<10))
    #expect(second.labels == whole.labels.rows(6..<10))
    let other = try synthesizer {
      change(&$0)
      $0.seed = 4
    }.synthesize()
    #expect(other.images != whole.images)
  }

  @Test(arguments: BatchNormStatistics.Comparison.allCases)
  func lossFalls(statistics: BatchNormStatistics.Comparison) throws {
    let losses = Mutex<[Double]>([])
    _ = try synthesizer {
      $0.count = 16
      $0.imagesPerBatch = 16
      $0.steps = 60
      $0.statistics = statistics
    }.synthesize { progress in
      losses.withLock { $0.append(progress.totalLoss) }
    }
    let all = losses.withLock { $0 }
    #expect(all.count == 60)
    #expect(all.last! < all[0] * 0.8, "\(all[0]) \(all.last!)")
  }

  @Test func learningLabelsSpreadEntropy() throws {
    let losses = Mutex<[Double]>([])
    let images = try synthesizer {
      $0.count = 32
      $0.imagesPerBatch = 32
      $0.steps = 40
      $0.labels = RefinedLabels(entropyDeviation: 0.5)
    }.synthesize { progress in losses.withLock { $0.append(progress["label entropy"] ?? .nan) } }
    let all = losses.withLock { $0 }
    #expect(all.allSatisfy { $0.isFinite } && all.contains { $0 > 0 })
    let entropies = images.difficulty.map(\.labelEntropy)
    #expect(entropies.max()! - entropies.min()! > 0.2)
  }

  /// With the switch off and no entropy weight nothing moves the labels.
  @Test func crossEntropySwitch() throws {
    func labels(_ learns: Bool) throws -> Tensor {
      try synthesizer {
        $0.count = 6
        $0.labels = RefinedLabels(entropyWeight: 0, learnsFromCrossEntropy: learns)
      }.synthesize().labels
    }
    let start = try synthesizer {
      $0.count = 6
      $0.steps = 0
      $0.labels = RefinedLabels()
    }.synthesize().labels
    #expect(try labels(false) == start)
    #expect(try labels(true) != start)
  }

  /// Images that hardly move: the cross entropy falls by the labels' doing alone.
  @Test func labelsFollowTheTeacher() throws {
    func crossEntropies(_ learns: Bool) throws -> [Double] {
      let losses = Mutex<[Double]>([])
      _ = try synthesizer {
        $0.count = 6
        $0.steps = 30
        $0.learningRate = 1e-7
        $0.labels = RefinedLabels(entropyWeight: 0, learnsFromCrossEntropy: learns)
      }.synthesize { progress in losses.withLock { $0.append(progress["cross entropy"] ?? .nan) } }
      return losses.withLock { $0 }
    }
    let learned = try crossEntropies(true)
    #expect(learned.last! < learned[0] - 0.01, "\(learned[0]) \(learned.last!)")
    let still = try crossEntropies(false)
    #expect(abs(still.last! - still[0]) < 1e-4)
  }

  /// Adam leaves a pixel without gradient where it is: after an augmented step those outside the
  /// crop, so the gradient went back through the crop; after a plain one none.
  @Test func augmentedStepsMoveTheCropAlone() throws {
    func unmoved(_ rule: AugmentationRule, _ seed: UInt64) throws -> Int {
      let moved = try synthesizer {
        $0.count = 6
        $0.steps = 1
        $0.augmentation = rule
        $0.seed = seed
      }.synthesize().images.elements
      var stream = RandomStream(seed: seed, "synthesis", 0)
      return zip(moved, stream.normals(moved.count)).filter { $0 == $1 }.count
    }
    let augmented = try (0..<8).filter { try unmoved(.always, $0) > 100 }
    #expect((1...7).contains(augmented.count))
    // 12 x 12 pixels are too few for `automatic`.
    for seed: UInt64 in 0..<8 { #expect(try unmoved(.automatic, seed) < 10) }
  }

  @Test func withoutLabelLossLabelsArePredictions() throws {
    for change: (inout Configuration) -> Void in [
      { $0.labels = Unlabelled() }, { $0.labelWeight = 0 },
    ] {
      let images = try synthesizer(change).synthesize()
      #expect(images.difficulty.allSatisfy { $0.gradientNorm < 1e-5 })
      #expect(images.labels.argmaxOfRows() == images.anchors)
    }
  }

  @Test func stepsZeroGivesNoise() throws {
    let images = try synthesizer { $0.steps = 0 }.synthesize()
    var stream = RandomStream(seed: 3, "synthesis", 0)
    #expect(images.images.rows(0..<6).elements == stream.normals(6 * 12 * 12 * 3))
  }

  @Test func clampedPixels() throws {
    let images = try synthesizer { $0.clampPixels = true }.synthesize().images
    let normalization = Preprocessing.imageNet
    for (place, value) in images.elements.enumerated() {
      let pixel =
        value * normalization.standardDeviation[place % 3] + normalization.mean[place % 3]
      #expect((-1e-5...1.00001).contains(pixel))
    }
  }

  @Test func unfaithfulAreDropped() throws {
    // The teacher sees one and the same class in noise, whatever the label says.
    func run(dropping: Bool) throws -> SyntheticImages {
      try synthesizer {
        $0.steps = 0
        $0.labels = OneHotLabels()
        $0.dropUnfaithful = dropping
      }.synthesize()
    }
    let all = try run(dropping: false)
    let kept = try run(dropping: true)
    #expect(kept.count + kept.droppedCount == 10)
    #expect(kept.count > 0 && kept.droppedCount > 0 && all.droppedCount == 0)
    #expect(kept.provenance["dropped"] == "\(kept.droppedCount)")
    let predictions = try FloatExecutor(tinyNetwork()).logits(ofInputs: kept.images).argmaxOfRows()
    for (row, prediction) in predictions.enumerated() {
      #expect(kept.labels[row * 4 + prediction] > 0)
    }
  }
}

@Suite struct SynthesizerCheckTests {
  typealias Configuration = SoftLabelSynthesizer.Configuration

  @Test func badConfigurations() throws {
    let bad: [(inout Configuration) -> Void] = [
      { $0.count = 0 }, { $0.count = -1 }, { $0.imagesPerBatch = 0 }, { $0.imagesPerBatch = .max },
      { $0.count = .max },
      { $0.steps = .max },
      {
        $0.count = 90_000_000
        $0.imagesPerBatch = 90_000_000
      }, { $0.patience = .min }, { $0.steps = -1 },
      { $0.learningRate = 0 }, { $0.learningRate = .nan }, { $0.patience = -1 },
      { $0.labelWeight = -1 }, { $0.statisticsWeight = .infinity },
      { $0.labels = SoftLabels(easyShare: 2) },
      { $0.labels = RefinedLabels(centroidConfidence: 0) },
    ]
    for change in bad {
      var configuration = Configuration.demo
      change(&configuration)
      #expect(throws: SynthesisError.self) {
        try SoftLabelSynthesizer(teacher: tinyNetwork(), configuration: configuration)
      }
    }
    let good = try SoftLabelSynthesizer(teacher: tinyNetwork(), configuration: .demo)
    #expect(throws: SynthesisError.self) { try good.images(ofBatch: 2) }
    #expect(throws: SynthesisError.self) { try good.images(ofBatch: -1) }
  }

  @Test func badTeachers() throws {
    #expect(throws: NetworkError.self) {
      try SoftLabelSynthesizer(teacher: classifier([[1, 0], [0, 1]]))
    }
    var broken = try tinyNetwork()
    broken.parameters.values[0] = .nan
    #expect(throws: NetworkError.self) { try SoftLabelSynthesizer(teacher: broken) }
  }

  @Test func lossNotFinite() throws {
    let synthesizer = try SoftLabelSynthesizer(
      teacher: tinyNetwork(),
      configuration: .init(count: 4, imagesPerBatch: 4, steps: 20, learningRate: 1e30))
    do {
      _ = try synthesizer.synthesize()
      Issue.record("accepted")
    } catch NetworkError.lossNotFinite(let what, let step, _) {
      #expect(what.contains("batch 0") && step > 0)
    }
  }

  struct Broken: LabelStrategy {
    static let kind = "broken"
    var columns = 4
    var value: Float = 0.25
    var anchor = 0
    func labels(
      count: Int, network: Network, stream: inout RandomStream
    ) throws -> LabelBatch {
      LabelBatch(
        labels: Tensor(shape: [4, columns], repeating: value),
        isEasy: [Bool](repeating: false, count: 4),
        anchors: [Int](repeating: anchor, count: 4), supports: [[Int]](repeating: [0], count: 4))
    }
  }

  @Test func ownStrategies() throws {
    func run(_ strategy: Broken) throws -> SyntheticImages {
      try SoftLabelSynthesizer(
        teacher: tinyNetwork(),
        configuration: .init(
          count: 4, imagesPerBatch: 4, steps: 1, labels: strategy, dropUnfaithful: false)
      ).synthesize()
    }
    #expect(try run(Broken()).labels == Tensor(shape: [4, 4], repeating: 0.25))
    for broken in [
      Broken(anchor: 4), Broken(columns: 3, value: 1 / 3), Broken(value: 0.5),
      Broken(value: .nan),
    ] {
      #expect(throws: SynthesisError.self) { try run(broken) }
    }
  }

  @Test func configurationCodes() throws {
    var configuration = Configuration.full
    configuration.labels = RefinedLabels(mode: .logits)
    let data = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(Configuration.self, from: data) == configuration)
    #expect(Configuration.full.count == 5120 && Configuration.reduced.imagesPerBatch == 128)
    // A custom strategy can be read where its type is passed.
    configuration.labels = Broken(anchor: 2)
    let own = try JSONEncoder().encode(configuration)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Configuration.self, from: own)
    }
    let decoder = JSONDecoder()
    decoder.userInfo[LabelStrategyTypes.key] = LabelStrategyTypes([Broken.self])
    #expect(try decoder.decode(Configuration.self, from: own) == configuration)
  }
}
