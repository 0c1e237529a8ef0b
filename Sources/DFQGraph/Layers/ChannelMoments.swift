/// The distribution of a value, channel by channel, and the bounds of all its elements.
public struct ChannelMoments: Hashable, Sendable {
  /// The mean of each channel.
  public var mean: [Double]
  /// The standard deviation of each channel.
  public var deviation: [Double]
  /// No element is below it.
  public var lowerBound: Double
  /// No element is above it.
  public var upperBound: Double

  /// Creates a distribution; the bounds are infinite unless given.
  public init(
    mean: [Double], deviation: [Double], lowerBound: Double = -.infinity,
    upperBound: Double = .infinity
  ) {
    self.mean = mean
    self.deviation = deviation
    self.lowerBound = lowerBound
    self.upperBound = upperBound
  }

  /// The standard normal distribution in every channel.
  public static func standard(channels: Int) -> ChannelMoments {
    .init(
      mean: .init(repeating: 0, count: channels), deviation: .init(repeating: 1, count: channels))
  }
}

extension ChannelMoments {
  /// The product of a bound and a factor; an infinite bound times 0 is 0.
  static func bound(_ bound: Double, times factor: Double) -> Double {
    bound == 0 || factor == 0 ? 0 : bound * factor
  }

  /// The distribution of the same elements in another number of channels, element by element in the
  /// order of memory.
  func reshaped(to channels: Int) -> ChannelMoments {
    guard channels != mean.count, channels > 0, !mean.isEmpty else { return self }
    var result = self
    if channels.isMultiple(of: mean.count) {
      result.mean = (0..<channels).map { mean[$0 % mean.count] }
      result.deviation = (0..<channels).map { deviation[$0 % mean.count] }
      return result
    }
    // Elements of several channels meet in one: the moments of the mixture of all of them.
    let count = Double(mean.count)
    let center = mean.reduce(0, +) / count
    let spread = zip(mean, deviation).reduce(0) {
      $0 + $1.1 * $1.1 + ($1.0 - center) * ($1.0 - center)
    }
    result.mean = .init(repeating: center, count: channels)
    result.deviation = .init(repeating: (spread / count).squareRoot(), count: channels)
    return result
  }
}
