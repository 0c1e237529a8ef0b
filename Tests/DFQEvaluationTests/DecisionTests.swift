import DFQEvaluation
import Foundation
import Testing

/// Measures of decisions about bits, by hand.
@Suite struct DecisionTests {
  /// Six images: two that need bits got more, one that needs none got more, one that needs bits did not.
  @Test func confusion() throws {
    let record = DecisionRecord(
      needsBits: [true, true, false, true, false, false],
      gotMore: [true, true, true, false, false, false],
      scores: [5, 4, 4, 2, 1, 0], divergences: [3, 2, 1, 4, 0, 0])
    let quality = DecisionQuality(
      record, meanBits: [4, 4, 4, 3, 3, 3], entropies: [6, 5, 4, 3, 2, 1],
      isRight: [false, true, true, false, true, true])
    #expect(quality.neededAndGiven == 2 && quality.givenOnly == 1)
    #expect(quality.neededOnly == 1 && quality.neither == 2 && quality.imageCount == 6)
    #expect(quality.neededCount == 3 && quality.givenCount == 3)
    #expect(quality.precision == 2.0 / 3 && quality.recall == 2.0 / 3)
    #expect(quality.f1 == 2.0 / 3)
    // Taken by score: one of one, two of three (a tie), three of four.
    let mean = try #require(quality.averagePrecision)
    #expect(abs(mean - (1.0 + 2.0 / 3 + 3.0 / 4) / 3) < 1e-12)
    // Of nine pairs: 3 + (2 and a tie) + 2.
    #expect(quality.areaUnderROC == 7.5 / 9)
    // Bits have ranks 5, 5, 5, 2, 2, 2, entropies 6...1: (4.5) / (sqrt(13.5) sqrt(17.5)) x 3.
    let entropy = try #require(quality.entropyCorrelation)
    #expect(abs(entropy - 13.5 / (13.5 * 17.5).squareRoot()) < 1e-12)
    // Divergences have ranks 5, 4, 3, 6, 1.5, 1.5: products with 1.5, 1.5, 1.5, -1.5, -1.5, -1.5.
    let divergence = try #require(quality.divergenceCorrelation)
    #expect(abs(divergence - 4.5 / (13.5 * 17).squareRoot()) < 1e-12)
    // Right answers have rank 4.5, others 1.5: deviations 1, -2; the products cancel.
    #expect(quality.correctnessCorrelation == 0)
  }

  @Test func whatIsNotDefined() {
    let record = DecisionRecord(
      needsBits: [false, false], gotMore: [false, false], scores: [1, 2], divergences: [])
    let quality = DecisionQuality(
      record, meanBits: [3, 3], entropies: [1, 2], isRight: [true, false])
    #expect(quality.precision == nil && quality.recall == nil && quality.f1 == nil)
    #expect(quality.averagePrecision == nil && quality.areaUnderROC == nil)
    #expect(quality.divergenceCorrelation == nil && quality.entropyCorrelation == nil)
    #expect(quality.neither == 2)
  }

  /// p = (1/2, 1/2) and q = (1/4, 3/4): (log 2 + log 2/3) / 2.
  @Test func divergence() {
    let found = Divergence.between(
      [log(1), log(3), 7, 7], and: [5, 5, 5, 5], classes: 2)
    #expect(abs(found[0] - (log(2.0) + log(2.0 / 3)) / 2) < 1e-6)
    #expect(found[1] == 0)
    let far = Divergence.between([100, -100], and: [-100, 100], classes: 2)
    #expect(abs(far[0] - 200) < 1e-9)
    #expect(Divergence.between([], and: [], classes: 3).isEmpty)
  }

  /// Three images and two options of costs 1 and 3; the dear one gains 5, 1 and 3.
  @Test func lagrangianChoice() {
    let losses = [[6.0, 2, 4], [1.0, 1, 1]]
    let costs = [[1.0, 1, 1], [3.0, 3, 3]]
    func options(_ budget: Double) -> [Int] {
      LagrangianChoice.options(losses: losses, costs: costs, budget: budget)
    }
    #expect(options(3) == [1, 1, 1] && options(100) == [1, 1, 1])
    #expect(options(7.0 / 3) == [1, 0, 1] && options(2.9) == [1, 0, 1])
    #expect(options(5.0 / 3) == [1, 0, 0])
    #expect(options(1) == [0, 0, 0] && options(0.5) == [0, 0, 0])
    // Of equal losses the cheapest, at any budget.
    #expect(
      LagrangianChoice.options(
        losses: [[1, 2], [1, 0]], costs: [[1, 1], [2, 2]], budget: 9) == [0, 1])
    #expect(LagrangianChoice.options(losses: [], costs: [], budget: 1).isEmpty)
  }

  /// Against all choices: none of the same cost or less has a smaller sum.
  @Test func lagrangianChoiceIsBest() {
    var state: UInt64 = 7
    func draw() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 24)
    }
    for _ in 0..<20 {
      let losses = (0..<3).map { _ in (0..<5).map { _ in draw() } }
      let costs = [1.0, 2.0, 4.0].map { [Double](repeating: $0, count: 5) }
      func sums(_ options: [Int]) -> (loss: Double, cost: Double) {
        options.enumerated().reduce((0, 0)) {
          ($0.0 + losses[$1.element][$1.offset], $0.1 + costs[$1.element][$1.offset])
        }
      }
      let found = sums(LagrangianChoice.options(losses: losses, costs: costs, budget: 2))
      #expect(found.cost <= 10 + 1e-9)
      for number in 0..<243 {
        let other = sums([1, 3, 9, 27, 81].map { number / $0 % 3 })
        if other.cost <= found.cost { #expect(other.loss >= found.loss - 1e-12) }
      }
    }
  }
}
