/// Measures the speed of a kernel on an otherwise idle machine.
enum KernelSpeed {
  /// The units per nanosecond of the fastest repetition; repetitions go on for at least `seconds`.
  ///
  /// `body` returns the units (operations, bytes) of one repetition.
  static func best(seconds: Double, _ body: () -> Int) -> Double {
    _ = body()
    let clock = ContinuousClock()
    var best = 0.0
    let start = clock.now
    repeat {
      var units = 0
      let time = clock.measure { units = body() }
      best = max(best, Double(units) / (time / .nanoseconds(1)))
    } while (clock.now - start) / .seconds(1) < seconds
    return best
  }
}
