/// How the range of a grid is found.
public enum RangeRule: Sendable, Codable, Hashable {
  /// The smallest and largest value ever seen.
  case minMax
  /// An exponential moving average of each batch's extremes, bias-corrected once; for activations.
  case movingAverage(decay: Float)
  /// The values below and above which a share of 1 - fraction lies, such as 0.9999.
  case percentile(Float)
  /// Both ends shrunk together by the factor (1.00, 0.99 and so on to 0.21) with the least squared error.
  case meanSquaredError
  /// The extremes that batch norm promises without any image: beta + deviations * |gamma| (Nagel et
  /// al. 2019, section 4.2); for activations.
  case batchNormStatistics(deviations: Float)

  /// Throws where the rule's number is out of bounds, or where weights cannot have the rule.
  ///
  /// - Throws: ``QuantizationError/badRange(part:expected:found:)``.
  func check(of part: String, isWeights: Bool) throws {
    func demand(_ holds: Bool, _ expected: String) throws {
      guard holds else {
        throw QuantizationError.badRange(part: part, expected: expected, found: "\(self)")
      }
    }
    switch self {
    case .minMax, .meanSquaredError: break
    case .percentile(let fraction):
      try demand((0.5...1).contains(fraction), "a fraction in 0.5...1")
    case .movingAverage(let decay):
      try demand(!isWeights, "minMax, percentile or meanSquaredError")
      try demand((0..<1).contains(decay), "a decay in 0..<1")
    case .batchNormStatistics(let deviations):
      try demand(!isWeights, "minMax, percentile or meanSquaredError")
      try demand(deviations > 0 && deviations <= 1000, "deviations above 0 and at most 1000")
    }
  }
}

/// A bias-corrected exponential moving average.
///
/// m = decay m + (1 - decay) a, reported as m / (1 - decay^t) after t values. The released code of
/// GDFQ (Xu et al. 2020) and its successors corrects twice, which makes ranges up to 3900 times too
/// wide; this does not.
public struct MovingAverage: Sendable, Equatable {
  /// The factor of the old average.
  public let decay: Float
  private var sum: Float = 0
  private var remaining: Float = 1

  /// Makes an average of nothing.
  public init(decay: Float) { self.decay = decay }

  /// Takes a value into the average.
  public mutating func update(_ value: Float) {
    sum = decay * sum + (1 - decay) * value
    remaining *= decay
  }

  /// The average so far; NaN before the first value.
  public var value: Float { sum / (1 - remaining) }
}
