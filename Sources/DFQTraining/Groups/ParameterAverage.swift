/// The exponential moving average of a group's values over the steps of a run (Polyak and Juditsky,
/// 1992).
///
/// At few bits, weights near the border of two codes flip between them from step to step; their
/// average settles on the side where they spend most of their time.
package struct ParameterAverage: Sendable {
  /// The average; outside of the group's ranges the values of the first step.
  package private(set) var values: [Float]

  /// Starts from values.
  package init(_ values: [Float]) { self.values = values }

  /// Moves towards the values after a step, counted from 0.
  ///
  /// The first steps weigh more, min(decay, (1 + step) / (10 + step)), so that the start is forgotten.
  package mutating func add(_ new: [Float], ranges: [Range<Int>], decay: Float, step: Int) {
    let kept = min(decay, Float(1 + step) / Float(10 + step))
    for range in ranges {
      for index in range { values[index] += (1 - kept) * (new[index] - values[index]) }
    }
  }

  /// Puts the average in the place of values.
  package func replace(_ current: inout [Float], ranges: [Range<Int>]) {
    for range in ranges {
      for index in range { current[index] = values[index] }
    }
  }
}
