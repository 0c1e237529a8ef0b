import DFQTestSupport
import DynaDFQ
import Testing

/// What goes wrong in a student's training is a typed error, and budgets are met.
///
/// (That no real image can be passed is a fact of types: `train(on:)` takes `SyntheticImages`,
/// which does not conform to `RealImages`, so the mistake does not compile.)
@Suite struct StudentErrorTests {
  private func trainer(
    bits: [Int] = [2, 3, 4], budget: Double? = nil, rate: Float = 3e-5, threads: Int = 2,
    selector: BitSelector? = nil,
    rule: DynamicTrainer.BudgetRule = .multiplier(
      initial: 1, rate: 0.05), seed: UInt64 = 3
  ) throws -> DynamicTrainer {
    DynamicTrainer(
      teacher: try .tinyResNet(), quantizer: Quantizer(weightBits: 3, activationBits: bits),
      selector: selector,
      configuration: .init(
        budget: budget, steps: 12, imagesPerStep: 8, learningRate: rate,
        selectorLearningRate: 0.05, budgetRule: rule, holdOut: 0.1, checkpointInterval: 4,
        seed: seed),
      context: .init(threads: threads))
  }

  private let images = SyntheticImages.random(30)

  @Test func lossNotFinite() throws {
    do {
      _ = try trainer(rate: 1e30).train(on: images)
      Issue.record("a rate of 1e30 went unnoticed")
    } catch NetworkError.lossNotFinite(let what, let step, _) {
      #expect(what == "student training")
      #expect(step > 0)
    }
  }

  /// Images with NaN are found when ranges are, before any step.
  @Test func imagesNotFinite() throws {
    var pixels = images.images
    pixels[7 * 192 + 5] = .nan
    let damaged = SyntheticImages(
      images: pixels, labels: images.labels, isEasy: images.isEasy, anchors: images.anchors,
      difficulty: images.difficulty)
    #expect(throws: QuantizationError.self) { _ = try trainer().train(on: damaged) }
  }

  @Test(arguments: [
    BitSelector(.perLayer), BitSelector(.perImage, point: 0),
    BitSelector(.perImage, hidden: 0, point: 0),
  ])
  func budgets(selector: BitSelector) throws {
    for budget in [2.75, 3.2] {
      let trainer = try trainer(budget: budget, selector: selector)
      let student = try trainer.train(on: images)
      let bound =
        student.bitOPs(activationBits: Int(budget)) * (1 - (budget - Double(Int(budget))))
        + student.bitOPs(activationBits: Int(budget) + 1) * (budget - Double(Int(budget)))
      // The price was set on the images that were trained on: all but the held-out tenth.
      var stream = RandomStream(seed: 3, "hold-out")
      let training = try images.subset(stream.permutation(30).dropFirst(3).sorted())
      let run = try StudentEvaluator(student, context: .default).run(
        training.images, policy: .selector)
      #expect(run.averageBitOPs <= bound, "\(budget)")
      // 27 images in steps: what one image's decision in the costliest layers changes.
      #expect(run.averageBitOPs > 0.93 * bound, "\(budget) \(run.averageBitOPs / bound)")
    }
  }

  @Test(arguments: [
    DynamicTrainer.BudgetRule.hinge(weight: 5), .multiplier(initial: 1, rate: 0.05),
  ])
  func threads(rule: DynamicTrainer.BudgetRule) throws {
    let files = try [1, 2].map {
      try trainer(budget: 3, threads: $0, rule: rule).train(on: images).file().encoded()
    }
    #expect(files[0] == files[1])
    let other = try trainer(budget: 3, rule: rule, seed: 4).train(on: images).file().encoded()
    #expect(other != files[0])
  }

  @Test func unreachableBudget() throws {
    do {
      _ = try trainer(budget: 1.5).train(on: images)
      Issue.record("a budget below every candidate was taken")
    } catch TrainingError.budgetOutOfRange(let budget, let lowest, _) {
      #expect(budget == 1.5)
      #expect(budget < lowest)
    }
    #expect(throws: TrainingError.self) { _ = try trainer(budget: -1).train(on: images) }
    #expect(throws: TrainingError.self) { _ = try trainer(budget: .nan).train(on: images) }
  }

  @Test func imagesThatDoNotFit() throws {
    #expect(throws: TrainingError.self) {
      _ = try trainer().train(on: .random(10, shape: [7, 8, 3]))
    }
    #expect(throws: TrainingError.self) { _ = try trainer().train(on: .random(10, classes: 5)) }
    #expect(throws: QuantizationError.noImages(what: "training")) {
      _ = try trainer().train(on: images.subset([]))
    }
  }

  /// The weights move towards the teacher: distillation falls over the run.
  @Test func learns() throws {
    var losses: [Double] = []
    _ = try DynamicTrainer(
      teacher: .tinyResNet(), quantizer: Quantizer(weightBits: 2, activationBits: [2]),
      configuration: .init(
        steps: 60, imagesPerStep: 16, learningRate: 1e-4, mixup: .none, augmentation: false, seed: 1
      ),
      context: .init(threads: 2)
    ).train(on: images) { losses.append($0.loss("distillation")!) }
    #expect(losses.count == 60)
    let first: Double = losses.prefix(10).reduce(0, +)
    let last: Double = losses.suffix(10).reduce(0, +)
    #expect(last < 0.8 * first)
  }
}
