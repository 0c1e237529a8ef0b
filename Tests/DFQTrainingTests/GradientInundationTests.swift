import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// Calls a closure with every update, as a rule that changes nothing.
private struct Inspection: UpdateRule {
  static let kind = "inspection"
  func values(_ values: [Float], for update: WeightUpdate) throws -> [Float] {
    try inspect.withLock { $0 }?(values, update)
    return values
  }
}

/// What the inspection calls.
private let inspect = Mutex<(@Sendable ([Float], WeightUpdate) throws -> Void)?>(nil)

/// AIT's gradient inundation, and the seam of rules for updates.
@Suite(.serialized) struct GradientInundationTests {
  private let images = SyntheticImages.random(30)

  private func trainer(
    _ updates: [any UpdateRule], teacher: Network? = nil, quantizer: Quantizer? = nil,
    _ change: (inout DynamicTrainer.Configuration) -> Void = { _ in }
  ) throws -> DynamicTrainer {
    var configuration = DynamicTrainer.Configuration(
      steps: 6, imagesPerStep: 8, learningRate: 1e-4, schedule: .constant, mixup: .none,
      weightDecay: 0, holdOut: 0, checkpointInterval: 4, seed: 3)
    change(&configuration)
    return DynamicTrainer(
      teacher: try teacher ?? .tinyResNet(),
      quantizer: quantizer ?? .family(weightBits: 3, activationBits: [4]),
      objectives: .allInTheTeacher(classCount: 4), updates: updates, configuration: configuration,
      context: .init(threads: 2))
  }

  private func run(
    _ trainer: DynamicTrainer, _ body: @escaping @Sendable ([Float], WeightUpdate) throws -> Void
  ) throws {
    inspect.withLock { $0 = body }
    defer { inspect.withLock { $0 = nil } }
    try StudentSession(trainer, on: images).step()
  }

  /// One weight of the last layer moves, by 0.02 at a multiplier of 1.
  ///
  /// Of 0, 1, 2.4 and 7 at three bits, a grid of step 1, the third crosses to 3 above 2.5, so above a
  /// multiplier of 5. Doubling stops at 8; halves of 4...8 are 6 (crosses), 5 (a tie, which goes to the
  /// even 2), 5.5, 5.25 and 5.125.
  @Test(
    arguments: [(1, 6, 6), (2, 6, 5), (3, 5.5, 5.5), (5, 5.125, 5.125)] as [(Int, Float, Float)])
  func byHand(halvings: Int, reaching: Float, last: Float) throws {
    var teacher = try Network.tinyResNet()
    let classifier = try teacher.classifier().node
    let entry = try #require(teacher.parameters.layout.entry(node: classifier, .weight))
    let classes = entry.shape.dimensions.last!
    for (index, place) in entry.range.enumerated() {
      teacher.parameters.values[place] = [0, 1, 2.4, 7][index / classes % 4]
    }
    let place = entry.range.lowerBound + 2 * classes
    let trainer = try trainer([Inspection()], teacher: teacher) {
      $0.learningRate = 1
      $0.momentum = 0
    }
    try run(trainer) { _, update in
      var gradient = [Float](repeating: 0, count: update.gradient.count)
      gradient[place] = -0.02
      for (choice, expected) in [(GradientInundation.Choice.reaching, reaching), (.last, last)] {
        var rule = GradientInundation(
          share: 0.5 / Double(entry.range.count), choice: choice, halvings: halvings)
        let scaled = try rule.gradient(gradient, for: update)
        #expect(abs(scaled[place] / gradient[place] - expected) < 1e-5)
        #expect(scaled.indices.allSatisfy { $0 == place || scaled[$0] == 0 })
        #expect(try rule.values(scaled, for: update) == scaled)
        rule.target = .step
        #expect(try rule.gradient(gradient, for: update) == gradient)
        let stepped = try update.values(after: gradient)
        #expect(abs(stepped[place] - 2.42) < 1e-6)
        let moved = try rule.values(stepped, for: update)
        #expect(abs(moved[place] - (2.4 + expected * 0.02)) < 1e-5)
        #expect(moved.indices.allSatisfy { $0 == place || moved[$0] == update.values[$0] })
      }
      // A share that is reached by itself, and one that nothing can reach.
      #expect(
        try GradientInundation(share: 0).gradient(gradient, for: update) == gradient)
      #expect(
        try GradientInundation(share: 0.5, limitedSteps: 0).gradient(gradient, for: update)
          == gradient)
      // In the limited steps the doublings end above the limit, and the search goes towards it.
      let limited = GradientInundation(share: 0.5, limit: 3)
      #expect(
        abs(try limited.gradient(gradient, for: update)[place] / gradient[place] - 4) < 1e-5)
    }
  }

  /// At a rate at which hardly any weight changes, every layer's share is reached; without the rule
  /// it is not.
  @Test func everyLayerReachesItsShare() throws {
    let rule = GradientInundation(share: 0.02, schedule: .constant, limitedSteps: 0)
    for target in [GradientInundation.Target.gradient, .step] {
      var rule = rule
      rule.target = target
      try run(trainer([rule, Inspection()])) { values, update in
        let places = Array(update.layers.indices)
        #expect(places.count == 8)
        let shares = update.changedShares(of: places, in: values)
        #expect(shares.allSatisfy { $0 >= 0.02 }, "\(shares)")
        let plain = update.changedShares(
          of: places, in: try update.values(after: update.gradient))
        #expect(plain.contains { $0 < 0.02 })
      }
    }
  }

  /// The share falls at the schedule's milestones.
  @Test func scheduleOfTheShare() throws {
    let rule = GradientInundation.published
    let shares = [0, 19_199, 19_200, 79_199].map {
      rule.share * Double(rule.schedule.factor(step: $0, total: 79_200))
    }
    for (found, expected) in zip(shares, [1e-3, 1e-3, 1e-4, 1e-6]) {
      #expect(abs(found / expected - 1) < 1e-5)
    }
  }

  @Test(arguments: [GradientInundation.published, .officialCode])
  func resumedRunGivesTheSameBits(rule: GradientInundation) throws {
    let directory = try temporaryDirectory()
    defer { try? removeFile(directory) }
    let path = directory + "/state"
    let trainer = try trainer([rule])
    let whole = try trainer.train(on: images)
    #expect(throws: Interruption.self) {
      try trainer.train(on: images, checkpoint: path) { progress in
        if progress.step == 3 { throw Interruption() }
      }
    }
    #expect(try trainer.train(on: images, checkpoint: path).bytes() == whole.bytes())
    let plain = try self.trainer([])
    #expect(try plain.train(on: images).bytes() != whole.bytes())
    #expect(throws: TrainingError.self) { try plain.train(on: images, checkpoint: path) }
  }

  /// Learned steps, selectors and several widths of weights.
  @Test func otherQuantizers() throws {
    let learned = try trainer(
      [GradientInundation.officialCode],
      quantizer: Quantizer(weightBits: 3, activationBits: [2, 4]))
    _ = try learned.train(on: images)
  }

  /// T^2 KL, with the mean over images and classes: 40 times the sum over ten classes.
  @Test func presets() throws {
    let objectives = [any StudentObjective].allInTheTeacher(classCount: 10)
    #expect(objectives.count == 1 && (objectives[0] as? LogitDistillation)?.weight == 40)
    let preset = DynamicTrainer.Configuration.allInTheTeacher
    #expect(preset.weightDecay == 0 && preset.imagesPerStep == 200 && preset.learningRate == 1e-4)
    #expect(abs(preset.schedule.factor(step: 19_200, total: preset.steps) - 0.1) < 1e-6)
    #expect(GradientInundation.variants["imageNet"]?.share == 1e-4)
    #expect(GradientInundation.officialCode.target == .step)
  }

  @Test func settings() throws {
    try GradientInundation().check()
    for bad in [
      GradientInundation(share: -1), GradientInundation(share: 1.5),
      GradientInundation(share: .nan), GradientInundation(halvings: 33),
      GradientInundation(tolerance: -1), GradientInundation(limit: 0.5),
      GradientInundation(limit: .infinity), GradientInundation(limitedSteps: -1),
    ] {
      #expect(throws: TrainingError.self) { try trainer([bad]).check() }
    }
  }
}
