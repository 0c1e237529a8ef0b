import DFQTestSupport
import DynaDFQ
import Testing

/// Selectors that are fitted once the weights are trained.
@Suite struct FittedSelectorTests {
  private func student(budget: Double?, steps: Int) throws -> (QuantizedNetwork, SyntheticImages) {
    let images = SyntheticImages.random(40)
    let trainer = DynamicTrainer(
      teacher: try .tinyResNet(),
      quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
      selector: BitSelector(MarginCascade(levels: [3, 5], shares: [0.25])),
      configuration: .init(
        budget: budget, steps: steps, imagesPerStep: 16, warmup: 0, holdOut: 0,
        checkpointInterval: 100,
        seed: 4),
      context: .init(threads: 2))
    return (try trainer.train(on: images), images)
  }

  /// Training explores all levels, and the thresholds are fitted to what the weights became.
  @Test func thresholdsAreFittedAfterTraining() throws {
    let (student, images) = try student(budget: nil, steps: 3)
    let decisions = try student.decisions(ofInputs: images.images)
    #expect(decisions.filter { $0.passes == 2 }.count == 10)
    // Both levels' steps were trained: the least and the most candidates moved from calibration.
    let start = try self.student(budget: nil, steps: 0).0
    for (trained, calibrated) in zip(student.activationGrids, start.activationGrids) {
      #expect(trained[0] != calibrated[0] && trained[2] != calibrated[2])
    }
  }

  /// A budget moves the thresholds; both passes are paid from it.
  @Test func budgetsCountAllPasses() throws {
    let (student, images) = try student(budget: 5, steps: 2)
    let decisions = try student.decisions(ofInputs: images.images)
    let mean = decisions.reduce(0) { $0 + $1.bitOPs } / Double(decisions.count)
    #expect(mean <= student.bitOPs(meanActivationBits: 5))
    #expect(decisions.contains { $0.passes == 2 })
  }
}
