import DFQExperiments
import DynaDFQ
import Testing

/// Thresholds of cascades, by hand.
@Suite struct CascadeTests {
  private let first = LevelRun(
    margins: [5, 1, 4, 2, 3, 9, 8, 7, 6, 10], bitOPs: [Double](repeating: 1, count: 10))
  private let second = LevelRun(
    margins: [Float](repeating: 1, count: 10), bitOPs: [Double](repeating: 2, count: 10))

  /// Each image that continues costs 2/10 of the mean more: a budget of 1.65 pays for three.
  @Test func twoLevels() throws {
    let thresholds = try MarginFitter().thresholds([first, second], budget: 1.65)
    #expect(thresholds == [3.5])
  }

  @Test func budgetsAtTheEnds() throws {
    #expect(try MarginFitter().thresholds([first, second], budget: 1) == [0])
    #expect(try MarginFitter().thresholds([first, second], budget: 3) == [11])
    #expect(throws: QuantizationError.self) {
      try MarginFitter().thresholds([first, second], budget: 0.9)
    }
  }

  /// The share is the same after each level: half of ten, then half of five rounded down; one more of
  /// ten would take a third to the last level.
  @Test func threeLevels() throws {
    let third = LevelRun(
      margins: [Float](repeating: 1, count: 10), bitOPs: [Double](repeating: 10, count: 10))
    let middle = LevelRun(
      margins: (1...10).map(Float.init), bitOPs: [Double](repeating: 2, count: 10))
    let thresholds = try MarginFitter().thresholds([first, middle, third], budget: 4.5)
    #expect(thresholds[0] == 5.5)
    #expect(thresholds[1] == 2.5)
  }
}
