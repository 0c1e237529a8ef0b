/// How the range of a grid is found.
public enum RangeRule: Sendable, Codable, Hashable {
  /// The smallest and largest value ever seen.
  case minMax
  /// An exponential moving average of each batch's extremes, bias-corrected once (methods.md 1.3).
  case movingAverage(decay: Float)
  /// The values below and above which a share of 1 - fraction lies, such as 0.9999.
  case percentile(Float)
  /// Both ends shrunk together by the factor (1.00, 0.99 and so on to 0.21) with the least squared error.
  case meanSquaredError
  /// The extremes batch norm promises without any image: beta + deviations * |gamma| (methods.md
  /// 2.11).
  case batchNormStatistics(deviations: Float)
}

/// A bias-corrected exponential moving average.
///
/// m = decay m + (1 - decay) a, reported as m / (1 - decay^t) after t values.
/// The published family corrects twice, which makes ranges up to 3900 times too wide (methods.md
/// 1.3); this does not.
public struct MovingAverage: Sendable, Equatable {
  /// The factor of the old average.
  public let decay: Float
  private var sum: Float = 0
  private var remaining: Float = 1

  /// Makes an average of nothing.
  public init(decay: Float) { self.decay = decay }

  /// Takes in a value.
  public mutating func update(_ value: Float) {
    sum = decay * sum + (1 - decay) * value
    remaining *= decay
  }

  /// The average so far; NaN before the first value.
  public var value: Float { sum / (1 - remaining) }
}
