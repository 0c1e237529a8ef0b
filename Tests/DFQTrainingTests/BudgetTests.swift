import DFQTestSupport
import DynaDFQ
import Testing

/// Budgets: which are possible, that they are met on all images, and what the errors say.
@Suite struct BudgetTests {
  private let images = SyntheticImages.random(30)

  private func train(_ budget: Double, bits: [Int] = [2, 3, 4]) throws -> QuantizedNetwork {
    try TinyTrainer.student(bits: bits, budget: budget) { $0.steps = 2 }.train(on: images)
  }

  private func error(_ budget: Double, bits: [Int] = [2, 3, 4]) -> TrainingError? {
    do {
      _ = try train(budget, bits: bits)
      return nil
    } catch {
      return error as? TrainingError
    }
  }

  @Test func numbersThatAreNoBudget() {
    for budget in [Double.nan, .infinity, -.infinity, -1, 0] {
      guard case .badConfiguration? = error(budget) else {
        Issue.record("a budget of \(budget) was taken")
        continue
      }
    }
    for budget in [1e30, 1e300, 4.01, 9, Double(Int.max), 0.5, .leastNonzeroMagnitude] {
      guard case .budgetOutOfRange(let bits, _, let highest)? = error(budget) else {
        Issue.record("a budget of \(budget) was taken")
        continue
      }
      #expect(bits == budget)
      #expect(highest == 4)
    }
  }

  /// The lowest budget that an error names works, and a hundredth of a bit below it does not.
  @Test func theLowestThatWorks() throws {
    guard case .budgetOutOfRange(_, let lowest, let highest)? = error(1.5) else {
      Issue.record("a budget below every candidate was taken")
      return
    }
    // Two bits everywhere, and the selector on top.
    #expect(lowest > 2)
    #expect(lowest < highest)
    #expect(error(1.5)!.description.contains("\(lowest)"))
    #expect(error(1.5)!.description.contains("1.5 bits"))
    _ = try train(lowest)
    #expect(error(lowest - 0.011) != nil)
  }

  @Test func budgetOfAStaticStudent() {
    guard case .badConfiguration? = error(3, bits: [3]) else {
      Issue.record("a budget of a static student was taken")
      return
    }
  }

  /// The search covers every image: here all that differ from the rest come after the first 512.
  @Test func searchUsesAllImages() throws {
    var stream = RandomStream(seed: 1, "two kinds")
    let pixels = (0..<600).flatMap { image in
      stream.normals(192).map { image < 512 ? 0.05 * $0 : 4 * $0 }
    }
    let set = SyntheticImages.random(600)
    let images = SyntheticImages(
      images: Tensor(shape: [600, 8, 8, 3], elements: pixels), labels: set.labels,
      isEasy: set.isEasy, anchors: set.anchors, difficulty: set.difficulty)
    let trainer = try TinyTrainer.student(budget: 3, selector: BitSelector(.perLayer)) {
      $0.steps = 30
      $0.warmup = 0
      $0.holdOut = 0
    }
    let student = try trainer.train(on: images)
    let run = try StudentEvaluator(student, context: trainer.context).run(
      images.images, policy: .selector)
    #expect(run.averageBitOPs <= student.bitOPs(activationBits: 3))
  }

  /// Two passes for every image, whatever a bit costs.
  private struct Stubborn: BitDecider {
    static let kind = "tests.stubborn"
    var learning: DeciderLearning { .nothing }
    func passes(in setting: DecisionSetting) -> [[Int]] {
      [setting.candidates.first!, setting.candidates.last!].map { bits in
        setting.outputs.map { _ in bits }
      }
    }
    func continues(
      after pass: Int, logits: UnsafeBufferPointer<Float>,
      parameters: UnsafeBufferPointer<Float>, price: Float
    ) -> Bool { pass == 0 }
  }

  /// A selector that no price moves is an error, not a student beyond its budget.
  @Test func budgetsThatAreNotMet() throws {
    let trainer = try TinyTrainer.student(budget: 3, selector: BitSelector(Stubborn())) {
      $0.steps = 1
      $0.warmup = 0
    }
    do {
      _ = try trainer.train(on: images)
      Issue.record("a budget that is not met was taken")
    } catch TrainingError.budgetNotMet(let bits, let reached) {
      #expect(bits == 3 && reached > 3)
    }
  }

  @Test func summaryOfATrainedStudent() throws {
    let trainer = try TinyTrainer.student(budget: 3)
    let student = try trainer.train(on: images)
    let summary = try trainer.summary(of: student, on: images)
    // A tenth of 30 images is held out.
    #expect(summary.imageCount == 3)
    #expect(summary.isHeldOut)
    let heldOut = try images.holdOut(share: 0.1, seed: 3).heldOut
    let decisions = try student.decisions(ofInputs: heldOut.images)
    let teacher = try FloatExecutor(.tinyResNet()).logits(ofInputs: heldOut.images)
      .argmaxOfRows()
    let same = zip(decisions, teacher).filter { $0.prediction == $1 }.count
    #expect(summary.agreement == Double(same) / 3)
    #expect(summary.meanBitOPs == decisions.reduce(0) { $0 + $1.bitOPs } / 3)
    #expect(summary.budgetBitOPs == student.bitOPs(activationBits: 3))
    let all = try TinyTrainer.student(budget: 3) { $0.holdOut = 0 }
      .summary(of: student, on: images)
    #expect(all.imageCount == 30)
    #expect(!all.isHeldOut)
  }
}
