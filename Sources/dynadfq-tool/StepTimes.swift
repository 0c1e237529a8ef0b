import Foundation

/// How long the steps of a loop took, without those that warm up.
struct StepTimes {
  /// Steps at the start that pay for memory and caches.
  static let warmup = 3
  /// The fewest steps worth a median.
  static let fewest = 5

  /// In milliseconds, ascending.
  private let sorted: [Double]

  var count: Int { sorted.count }

  /// Runs a loop twice: a few steps that tell how many fill `seconds`, then those.
  ///
  /// `loop` takes so many steps and calls its second argument after each.
  init(seconds: Double, of loop: (_ steps: Int, _ mark: @escaping () -> Void) throws -> Void) throws
  {
    let probe = try StepTimes.marks(StepTimes.warmup + 2, loop)
    let each = max((probe.min() ?? 0) / 1000, 1e-6)
    let repetitions = max(StepTimes.fewest, Int(min(seconds / each, 1e6)))
    sorted = try StepTimes.marks(StepTimes.warmup + repetitions, loop).sorted()
  }

  /// The time below which this share of the steps lies; 0 is the fastest.
  func quantile(_ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = sorted[Int(place)]
    let high = sorted[min(Int(place) + 1, sorted.count - 1)]
    return low + (high - low) * (place - place.rounded(.down))
  }

  /// Milliseconds between the ends of consecutive steps after the warm-up.
  static func marks(
    _ steps: Int, _ loop: (_ steps: Int, _ mark: @escaping () -> Void) throws -> Void
  ) throws -> [Double] {
    let clock = Marks(steps)
    try loop(steps) { clock.add() }
    let ends = clock.ends.dropFirst(warmup - 1)
    return zip(ends, ends.dropFirst()).map { start, end in
      let (seconds, attoseconds) = (end - start).components
      return Double(seconds) * 1e3 + Double(attoseconds) * 1e-15
    }
  }

  /// The ends of steps; a class, because loops report from closures that outlive the call.
  private final class Marks {
    private(set) var ends: [ContinuousClock.Instant] = []

    init(_ capacity: Int) { ends.reserveCapacity(capacity) }

    func add() { ends.append(.now) }
  }
}
