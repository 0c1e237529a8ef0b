import DynaDFQ
import Foundation

/// Two networks that take turns, so that a machine which is sometimes fast and sometimes slow is so for both.
extension Bench {
  /// What the turns of two networks with one size of batch tell.
  struct Comparison: Encodable {
    var batch: Int
    /// The pairs of turns; in every second pair the other network begins.
    var pairs: Int
    /// How often the other network's time is this one's, pair by pair: above 1 this one is faster.
    var median: Double
    /// Of all pairs 5 % lie below and 5 % above.
    var low: Double
    var high: Double
    var imagesPerSecond: Double
    var otherImagesPerSecond: Double
  }

  /// Milliseconds of a turn: far more than a clock's resolution, far less than the machine's moods last.
  private static let turn = 5.0

  /// Compares the speed of two networks on the same images.
  ///
  /// - Throws: What predictions throw.
  func compare(
    _ network: IntegerNetwork, with other: IntegerNetwork, pixels: [UInt8], batch: Int
  ) throws -> Comparison {
    let own = BatchCalls(network, pixels: pixels, batch: batch)
    let rest = BatchCalls(other, pixels: pixels, batch: batch)
    /// The milliseconds of the calls of a turn.
    func time(_ calls: BatchCalls, from first: Int, count: Int) throws -> Double {
      let start = ContinuousClock.now
      for call in first..<first + count { try calls.predict(call) }
      return Bench.milliseconds(ContinuousClock.now - start)
    }
    for calls in [own, rest] { _ = try time(calls, from: 0, count: StepTimes.warmup) }
    let call = max(try time(own, from: 0, count: 3) / 3, 1e-3)
    let count = max(1, Int((Bench.turn / call).rounded(.up)))
    let pairs = max(StepTimes.fewest, Int(min(500 * seconds / (call * Double(count)), 1e6)))
    var (times, others) = ([Double](), [Double]())
    for pair in 0..<pairs {
      let first = pair * count
      if pair % 2 == 0 { times.append(try time(own, from: first, count: count)) }
      others.append(try time(rest, from: first, count: count))
      if pair % 2 == 1 { times.append(try time(own, from: first, count: count)) }
    }
    let ratios = zip(others, times).map { $0 / $1 }.sorted()
    func quantile(_ sorted: [Double], _ share: Double) -> Double {
      sorted[Int((share * Double(sorted.count - 1)).rounded())]
    }
    func speed(_ times: [Double]) -> Double {
      1000 * Double(batch * count) / quantile(times.sorted(), 0.5)
    }
    return Comparison(
      batch: batch, pairs: pairs, median: quantile(ratios, 0.5), low: quantile(ratios, 0.05),
      high: quantile(ratios, 0.95), imagesPerSecond: speed(times),
      otherImagesPerSecond: speed(others))
  }

  /// Prints comparisons as a table.
  func show(_ comparisons: [Comparison], against other: String) throws {
    try Output.line("speed against \(other), in turns of \(Output.short(Bench.turn)) ms")
    try Output.table(
      ["batch", "pairs", "images/s", "other's", "ratio", "5 %", "95 %"],
      comparisons.map { row in
        [
          "\(row.batch)", "\(row.pairs)", Output.short(row.imagesPerSecond),
          Output.short(row.otherImagesPerSecond), Output.fixed(row.median, digits: 3),
          Output.fixed(row.low, digits: 3), Output.fixed(row.high, digits: 3),
        ]
      })
  }
}

/// Predictions of one batch of images after another.
final class BatchCalls {
  /// The number of different batches.
  let batches: Int
  private(set) var predictions = Predictions()
  private let predictor: Predictor
  private let pixels: [UInt8]
  private let batch: Int
  private let size: Int

  init(_ network: IntegerNetwork, pixels: [UInt8], batch: Int) {
    predictor = Predictor(network)
    self.pixels = pixels
    self.batch = batch
    size = batch * network.imageShape.count
    batches = pixels.count / size
  }

  /// Predicts the images of a call; after the last batch follows the first.
  func predict(_ call: Int) throws {
    let start = call % batches * size
    try pixels[start..<start + size].withUnsafeBufferPointer { pixels in
      try predictor.predict(pixels: pixels, count: batch, into: &predictions)
    }
  }
}
