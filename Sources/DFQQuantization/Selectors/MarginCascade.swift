public import DFQEngine

/// All images run at few bits; those whose logit margin is small run again at more bits.
///
/// The margin is the largest logit less the second largest. It tells where the quantized network's
/// answer differs from the full-precision network's, with nothing to learn but the thresholds, which
/// are set on synthetic images so that given shares of them run again. The cost of every pass
/// counts.
public struct MarginCascade: BitDecider {
  /// Its name in files.
  public static var kind: String { "marginCascade" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "All images at few bits; those with a small margin of logits again at more.", cost: 1.5,
    formula: "again where the largest logit less the second is below a fitted threshold",
    notes: ["The shares are those of all images that run again; thresholds are fitted to them."])
  /// Its thresholds are fitted.
  public var learning: DeciderLearning { .fitted }

  /// The bits of each pass, ascending.
  public let levels: [Int]
  /// The shares of all images that take the second pass, the third and so on.
  public let shares: [Double]

  /// Makes a cascade of two or more passes.
  public init(levels: [Int], shares: [Double]) {
    self.levels = levels
    self.shares = shares
  }

  /// Throws unless the levels ascend and each later pass has a share.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func check() throws {
    guard (2...7).contains(levels.count), levels == Set(levels).sorted(),
      levels.allSatisfy({ (2...8).contains($0) })
    else {
      throw QuantizationError.badSelector(
        expected: "two to seven ascending levels in 2...8", found: "\(levels.prefix(9))")
    }
    guard shares.count == levels.count - 1, shares.allSatisfy({ (0...1).contains($0) }),
      zip(shares, shares.dropFirst()).allSatisfy({ $0 >= $1 })
    else {
      throw QuantizationError.badSelector(
        expected: "a share in 0...1 for each pass but the first, never rising",
        found: "\(shares.prefix(9))")
    }
  }

  /// Each level everywhere; an output without a level's bits takes the next more it has.
  ///
  /// - Throws: ``QuantizationError/notACandidate(bits:candidates:)`` for a level that no output has.
  public func passes(in setting: DecisionSetting) throws -> [[Int]] {
    try levels.map { level in
      guard setting.outputs.contains(where: { $0.isDynamic && $0.bits.contains(level) }) else {
        throw QuantizationError.notACandidate(bits: level, candidates: setting.candidates)
      }
      return setting.outputs.map { $0.bits[$0.candidate(for: level)] }
    }
  }

  /// One threshold for each pass but the last; at 0 no image runs again.
  public var passParameterCount: Int { levels.count - 1 }

  /// Whether the margin is below the pass's threshold, which a price lowers.
  public func continues(
    after pass: Int, logits: UnsafeBufferPointer<Float>, parameters: UnsafeBufferPointer<Float>,
    price: Float
  ) -> Bool {
    LogitMargin.of(logits) < parameters[pass] - price
  }

  /// The margin of each row of logits N C.
  package static func margins(_ logits: [Float], classes: Int) -> [Float] {
    stride(from: 0, to: logits.count, by: classes).map { LogitMargin.of(logits[$0..<$0 + classes]) }
  }

  /// Sets each threshold between the margins of the images that run again and the others.
  public func fit(_ parameters: inout [Float], to measurements: DeciderMeasurements) {
    var remaining = Array(0..<(measurements.logits.first?.rowCount ?? 0))
    let count = Double(remaining.count)
    for (pass, share) in shares.enumerated() {
      let logits = measurements.logits[pass]
      let margins = remaining.map { ($0, LogitMargin.of(logits.row($0).elements)) }
        .sorted { $0.1 < $1.1 }
      let wanted = min(Int((share * count).rounded()), margins.count)
      parameters[pass] =
        wanted == 0
        ? 0
        : wanted == margins.count
          ? margins[wanted - 1].1 + 1 : (margins[wanted - 1].1 + margins[wanted].1) / 2
      remaining = margins.prefix { $0.1 < parameters[pass] }.map(\.0)
    }
  }
}
