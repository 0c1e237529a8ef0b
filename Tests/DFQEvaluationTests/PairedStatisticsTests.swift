import DFQEvaluation
import Testing

/// Statistics of two measurements of the same images, by hand.
@Suite struct PairedStatisticsTests {
  /// Nine images differ, of which one speaks for the second: P(X <= 1) of nine coins is 10/512.
  @Test func mcNemar() {
    let test = McNemar(firstOnly: 8, secondOnly: 1)
    #expect(abs(test.exactP - 20.0 / 512) < 1e-12)
    #expect(abs(test.midP - (20.0 - 9) / 512) < 1e-12)
    #expect(
      test
        == McNemar(
          [Bool](repeating: true, count: 8) + [false, true, false],
          [Bool](repeating: false, count: 8) + [true, true, false]))
    // Fagerland, Lydersen and Laake (2013), table 1: 1 and 7 discordant pairs.
    let published = McNemar(firstOnly: 1, secondOnly: 7)
    #expect(abs(published.exactP - 0.0703125) < 1e-9)
    #expect(abs(published.midP - 0.0390625) < 1e-9)
  }

  @Test func mcNemarAtTheEnds() {
    #expect(McNemar(firstOnly: 0, secondOnly: 0).exactP == 1)
    #expect(abs(McNemar(firstOnly: 0, secondOnly: 0).midP - 0.5) < 1e-12)
    #expect(McNemar(firstOnly: 5, secondOnly: 5).exactP == 1)
    #expect(abs(McNemar(firstOnly: 5, secondOnly: 5).midP - (1 - 252.0 / 2048)) < 1e-9)
    let large = McNemar(firstOnly: 5200, secondOnly: 4800)
    #expect(large.midP > 5e-5 && large.midP < 7e-5)
  }

  @Test func bootstrap() {
    let first = (0..<400).map { $0 % 10 < 7 ? 1.0 : 0 }
    let second = (0..<400).map { $0 % 10 < 6 ? 1.0 : 0 }
    let difference = PairedBootstrap(first, less: second)
    #expect(abs(difference.mean - 0.1) < 1e-12)
    // The differences are 1 for a tenth of the images: their mean has the deviation 0.015.
    #expect(abs(difference.lower - (0.1 - 1.96 * 0.015)) < 0.006)
    #expect(abs(difference.upper - (0.1 + 1.96 * 0.015)) < 0.006)
    #expect(difference == PairedBootstrap(first, less: second))
    #expect(difference != PairedBootstrap(first, less: second, seed: 1))
    let same = PairedBootstrap(first, less: first)
    #expect(same.mean == 0 && same.lower == 0 && same.upper == 0)
    #expect(PairedBootstrap([], less: []).mean == 0)
  }

  @Test func seeds() {
    let spread = SeedSpread([1, 2, 6])
    #expect(spread.mean == 3 && spread.count == 3)
    #expect(abs((spread.deviation ?? 0) - 7.0.squareRoot()) < 1e-12)
    #expect(SeedSpread([4]).deviation == nil)
  }

  /// Scores 4, 3, 3, 1: right, wrong and right together, wrong.
  @Test func curves() throws {
    let scores = [3.0, 4, 1, 3]
    let isRight = [false, true, false, true]
    let risk = Confidence.riskCoverage(scores: scores, isRight: isRight)
    #expect(risk.map(\.x) == [0.25, 0.75, 1])
    #expect(risk.map(\.y) == [0, 1.0 / 3, 0.5])
    let precision = Confidence.precisionRecall(scores: scores, isPositive: isRight)
    #expect(precision.map(\.x) == [0.5, 1, 1])
    #expect(precision.map(\.y) == [1, 2.0 / 3, 0.5])
    let mean = try #require(Confidence.averagePrecision(scores: scores, isPositive: isRight))
    #expect(abs(mean - 5.0 / 6) < 1e-12)
    // Of four pairs the positive is higher in three and level in one.
    #expect(Confidence.areaUnderROC(scores: scores, isPositive: isRight) == 3.5 / 4)
    #expect(Confidence.areaUnderROC(scores: scores, isPositive: [true, true, true, true]) == nil)
    #expect(
      Confidence.precisionRecall(scores: [1], isPositive: [false]).isEmpty)
  }

  @Test func margins() {
    #expect(Confidence.margins(of: [1, 5, 3, 2, 2, 0], classes: 3) == [2, 0])
    #expect(Confidence.margins(of: [], classes: 3).isEmpty)
  }
}
