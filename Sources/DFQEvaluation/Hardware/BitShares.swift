/// How often a quantized output has each of its widths, over images.
public struct BitShares: Sendable, Codable, Hashable {
  /// The width of a number in floating point.
  static let floatBits = 32

  /// The share of images for each width; the shares sum to 1.
  public let shares: [Int: Double]

  /// The same bits for all images.
  public init(bits: Int) { shares = [bits: 1] }

  /// The shares of a histogram, such as ``EvaluationReport/LayerBits/histogram``; an empty one counts as
  /// floating point.
  public init(histogram: [Int: Int]) {
    let total = histogram.values.reduce(0, +)
    shares =
      total == 0
      ? [BitShares.floatBits: 1]
      : histogram.filter { $0.value > 0 }.mapValues { Double($0) / Double(total) }
  }

  /// The two candidates next to a mean, in the shares that give it; the nearest candidate outside their
  /// range.
  public init(mean: Double, candidates: [Int]) {
    let sorted = candidates.sorted()
    let below = sorted.last { Double($0) <= mean }
    let above = sorted.first { Double($0) > mean }
    if let below, let above {
      let share = (mean - Double(below)) / Double(above - below)
      shares = share == 0 ? [below: 1] : [below: 1 - share, above: share]
    } else {
      shares = [below ?? above ?? BitShares.floatBits: 1]
    }
  }

  /// The mean width.
  public var mean: Double { mean { Double($0) } }

  /// The mean of a function of the width, summed in the order of the widths.
  func mean(_ value: (Int) -> Double) -> Double {
    shares.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * value($1.key) }
  }
}
