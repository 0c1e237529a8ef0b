/// Two loops that take turns, so that a machine which is sometimes fast and sometimes slow is so for both.
extension StepTimes {
  /// What the turns of two loops tell.
  struct Comparison {
    /// The milliseconds of a step.
    let median: Double
    /// How often the other loop's step fits into a step, pair by pair of turns.
    let ratio: Double
  }

  typealias Loop = (_ steps: Int, _ mark: @escaping () -> Void) throws -> Void

  /// The fewest pairs of turns.
  private static let fewestPairs = 7
  /// Seconds of a turn, unless `fewest` steps take longer: many steps, while a machine's moods last seconds.
  private static let turn = 0.4

  /// Runs loops in pairs of turns, in every second of which the other one begins; `seconds` for each.
  static func compare(seconds: Double, _ loop: Loop, with other: Loop) throws -> Comparison {
    func steps(of loop: Loop) throws -> Int {
      let each = max(try (marks(warmup + 2, loop).min() ?? 0) / 1000, 1e-6)
      return max(fewest, Int(turn / each))
    }
    func time(_ loop: Loop, _ steps: Int) throws -> Double {
      median(of: try marks(warmup + steps, loop))
    }
    let (count, others) = (try steps(of: loop), try steps(of: other))
    let pairs = max(fewestPairs, Int(seconds / turn))
    var (times, ratios) = ([Double](), [Double]())
    for pair in 0..<pairs {
      let before = pair % 2 == 0 ? nil : try time(other, others)
      times.append(try time(loop, count))
      ratios.append(times[pair] / (try before ?? time(other, others)))
    }
    return Comparison(median: median(of: times), ratio: median(of: ratios))
  }

  private static func median(of times: [Double]) -> Double {
    let sorted = times.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
