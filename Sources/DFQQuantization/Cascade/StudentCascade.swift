import DFQGraph
public import DFQRuntime
import DFQTensor

/// Independent students of one task, cheapest first: an image whose answer is not sure at one level is
/// computed again at the next.
///
/// Sure is an answer whose logit margin, the largest logit less the second largest, reaches the level's
/// threshold. A quantized network's own margin tells well where its answer differs from the
/// full-precision network's. The costs of all levels that an image runs at count.
///
/// Unlike ``MarginCascade``, whose passes share weights and scales, every level has weights, scales and
/// widths of its own.
public struct StudentCascade: Sendable {
  /// The students, cheapest first.
  public let levels: [QuantizedNetwork]
  /// The margin below which an image continues, for each level but the last.
  public let thresholds: [Float]
  /// The share of the images of each level but the last that continues, as fitted on synthetic images.
  public let shares: [Double]
  /// Which images continue; by default those below the thresholds.
  public let rule: CascadeRule

  /// Makes a cascade.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)`` for fewer than two or more than
  ///   seven levels, levels of different inputs or classes, thresholds that are not one finite number
  ///   of at least 0 for each level but the last, shares outside 0...1, or a rule out of bounds.
  public init(
    levels: [QuantizedNetwork], thresholds: [Float], shares: [Double],
    rule: CascadeRule = .threshold
  ) throws {
    try StudentCascade.check(levels)
    guard thresholds.count == levels.count - 1, thresholds.allSatisfy({ $0.isFinite && $0 >= 0 })
    else {
      throw QuantizationError.badSelector(
        expected: "\(levels.count - 1) finite thresholds of at least 0",
        found: "\(thresholds.prefix(9))")
    }
    guard shares.count == thresholds.count, shares.allSatisfy({ (0...1).contains($0) }) else {
      throw QuantizationError.badSelector(
        expected: "\(levels.count - 1) shares in 0...1", found: "\(shares.prefix(9))")
    }
    try rule.check()
    self.levels = levels
    self.thresholds = thresholds
    self.shares = shares
    self.rule = rule
  }

  /// Throws unless the students may be levels of one cascade.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  static func check(_ levels: [QuantizedNetwork]) throws {
    guard (2...7).contains(levels.count) else {
      throw QuantizationError.badSelector(
        expected: "two to seven levels of a cascade", found: "\(levels.count)")
    }
    for level in levels.dropFirst() {
      let (first, other) = (levels[0].network, level.network)
      guard first.imageShape == other.imageShape, first.classCount == other.classCount else {
        throw QuantizationError.badSelector(
          expected: "levels with images \(first.imageShape) and \(first.classCount) classes",
          found: "\(other.imageShape) and \(other.classCount)")
      }
    }
  }

  /// Fits the thresholds to what the levels did with the same synthetic images: the same share of the
  /// remaining images continues after each level, the largest that the budget pays for.
  ///
  /// `DFQTraining` has the form that takes a set of synthetic images.
  ///
  /// - Parameters:
  ///   - levels: The students.
  ///   - runs: What each level did with all images.
  ///   - budget: The mean BitOPs that an image may cost.
  ///   - rule: Which images continue in use.
  /// - Throws: ``QuantizationError/budgetUnreachable(budget:cheapest:unit:)`` where the first level
  ///   alone costs more, and as ``init(levels:thresholds:shares:rule:)``.
  package init(
    levels: [QuantizedNetwork], runs: [StudentRun], budget: Double, rule: CascadeRule = .threshold
  ) throws {
    try StudentCascade.check(levels)
    let fit = runs.map { run in
      CascadeThresholds.Level(
        margins: MarginCascade.margins(run.logits, classes: levels[0].network.classCount),
        bitOPs: run.bitOPs)
    }
    let found = try CascadeThresholds(fit).fitted(budget: budget)
    try self.init(
      levels: levels, thresholds: found.thresholds, shares: found.shares, rule: rule)
  }

  /// What decides at each level but the last, before any image.
  var continuations: [CascadeContinuation] {
    thresholds.indices.map {
      CascadeContinuation(rule: rule, share: shares[$0], threshold: thresholds[$0])
    }
  }

  /// The level that each image ends at, given its margin at every level.
  package func lastLevels(margins: [[Float]]) -> [Int] {
    var last = [Int](repeating: 0, count: margins[0].count)
    var remaining = Array(last.indices)
    for (level, start) in continuations.enumerated() {
      var continuation = start
      remaining = continuation.positions(remaining.map { margins[level][$0] }).map { remaining[$0] }
      for image in remaining { last[image] = level + 1 }
    }
    return last
  }
}
