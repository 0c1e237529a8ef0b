/// What a selector can look at: statistics of each channel.
public enum ChannelStatistic: String, Sendable, Codable, CaseIterable, BitwiseCopyable {
  /// The mean over the sampled positions.
  case mean
  /// The standard deviation over the sampled positions.
  case deviation
}
