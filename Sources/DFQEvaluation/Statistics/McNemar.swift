import Foundation

/// McNemar's test of two classifiers on the same images: whether one is right more often than the
/// other where they differ.
public struct McNemar: Sendable, Codable, Equatable {
  /// The number of images that only the first classifies rightly.
  public let firstOnly: Int
  /// The number of images that only the second classifies rightly.
  public let secondOnly: Int

  /// Makes the test from the two counts, each at least 0.
  public init(firstOnly: Int, secondOnly: Int) {
    precondition(firstOnly >= 0 && secondOnly >= 0, "counts are at least 0")
    self.firstOnly = firstOnly
    self.secondOnly = secondOnly
  }

  /// Compares two lists of hits on the same images, which must be of one length.
  public init(_ first: [Bool], _ second: [Bool]) {
    precondition(first.count == second.count, "hits of the same images are needed")
    let pairs = zip(first, second)
    self.init(
      firstOnly: pairs.filter { $0 && !$1 }.count, secondOnly: pairs.filter { !$0 && $1 }.count)
  }

  /// The exact two-sided p-value: how likely so unequal a division is if both are equally good.
  public var exactP: Double { min(1, 2 * tail(halvingLast: false)) }

  /// The mid-p value, which counts the observed division half; less conservative than the exact one
  /// (Fagerland, Lydersen and Laake 2013).
  public var midP: Double {
    firstOnly == secondOnly ? 1 - point(firstOnly) / 2 : min(1, 2 * tail(halvingLast: true))
  }

  /// The probability of at most the smaller count among n fair coins.
  private func tail(halvingLast: Bool) -> Double {
    let least = min(firstOnly, secondOnly)
    let sum = (0...least).reduce(0.0) { $0 + point($1) }
    return halvingLast ? sum - point(least) / 2 : sum
  }

  /// The probability of k heads among n fair coins.
  private func point(_ k: Int) -> Double {
    let n = Double(firstOnly + secondOnly)
    let choices: Double = lgamma(n + 1) - lgamma(Double(k) + 1) - lgamma(n - Double(k) + 1)
    return exp(choices - n * log(2.0))
  }
}
