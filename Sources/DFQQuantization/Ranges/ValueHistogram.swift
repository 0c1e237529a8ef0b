/// Counts of values in equal bins over a range: what percentile and least-squares ranges are read
/// from.
package struct ValueHistogram: Sendable {
  package let low: Float
  package let high: Float
  package private(set) var counts: [Int]

  package init(low: Float, high: Float, bins: Int = 2048) {
    self.low = low
    self.high = high
    counts = [Int](repeating: 0, count: bins)
  }

  private var width: Float { max((high - low) / Float(counts.count), 1e-12) }

  package mutating func add(_ values: UnsafeBufferPointer<Float>) {
    let (low, perUnit, last) = (low, 1 / width, counts.count - 1)
    counts.withUnsafeMutableBufferPointer { counts in
      for value in values {
        let bin = (value - low) * perUnit
        counts[bin > 0 ? min(Int(bin), last) : 0] += 1
      }
    }
  }

  /// Replaces all counts, of which there must be as many.
  package mutating func setCounts(_ new: [Int]) {
    precondition(new.count == counts.count, "one count for each bin")
    counts = new
  }

  package mutating func add(_ other: ValueHistogram) {
    for bin in counts.indices { counts[bin] += other.counts[bin] }
  }

  /// The range outside of which a share of 1 - fraction of the values lies, split between both ends
  /// where the range has two.
  package func percentileRange(_ fraction: Float) -> (low: Float, high: Float) {
    let total = counts.reduce(0, +)
    let share = low >= 0 ? 1 - fraction : (1 - fraction) / 2
    let outside = Int((Float(total) * share).rounded())
    func end(_ bins: some Sequence<Int>) -> Int {
      var seen = 0
      for bin in bins {
        seen += counts[bin]
        if seen > outside { return bin }
      }
      return counts.count - 1
    }
    let top = low + Float(end(counts.indices.reversed()) + 1) * width
    let bottom = low >= 0 ? low : low + Float(end(counts.indices)) * width
    return (bottom, min(top, high))
  }

  /// The shrunk range whose grid has the least squared error: factors 1.00, 0.99 and so on to 0.21.
  package func leastSquaresRange(_ grid: (_ low: Float, _ high: Float) -> Grid) -> (
    low: Float, high: Float
  ) {
    var best = (error: Double.infinity, low: low, high: high)
    for shrink in 0..<80 {
      let factor = 1 - Float(shrink) * 0.01
      let candidate = grid(low * factor, high * factor)
      var error = 0.0
      for (bin, count) in counts.enumerated() where count > 0 {
        let center = low + (Float(bin) + 0.5) * width
        let difference = Double(center - candidate.quantize(center))
        error += Double(count) * difference * difference
      }
      if error < best.error { best = (error, low * factor, high * factor) }
    }
    return (best.low, best.high)
  }
}
