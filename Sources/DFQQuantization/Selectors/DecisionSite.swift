public import DFQRuntime

/// Where decisions can be taken in a network.
public struct DecisionSetting: Sendable, Hashable {
  /// The student's quantized outputs, in the order of the graph.
  public let outputs: [QuantizedOutput]
  /// The candidate bits of the quantizer; all bits of its outputs where it has one candidate.
  public let candidates: [Int]
}

/// One decision about bits, taken for every image while it passes through the student.
public struct DecisionSite: Sendable, Hashable {
  /// The quantized output whose value, before it is quantized, the features are taken from.
  public let output: Int
  /// The quantized outputs whose bits are decided: this one or later ones.
  public let governs: [Int]
  /// The bits to choose from, ascending.
  public let candidates: [Int]
  /// The statistics taken of each channel.
  public let statistics: [ChannelStatistic]
  /// The rows and columns of the grid of positions that statistics are taken over.
  public let positions: Int
  /// The channels of the value.
  public let channels: Int
  /// The rows and columns of the value; 1 for a vector.
  let extent: [Int]

  /// Describes a decision.
  ///
  /// - Parameters:
  ///   - output: The quantized output that is looked at.
  ///   - governs: The positions of the quantized outputs whose bits are decided.
  ///   - candidates: The bits to choose from; an output without a candidate's bits takes the next
  ///     more, or its most (see ``QuantizedOutput/candidate(for:)``).
  ///   - statistics: What is looked at.
  ///   - positions: The rows and columns of sampled positions. Statistics over all positions in
  ///     float32 would cost as much as a whole W3A3 ResNet-20.
  public init(
    at output: QuantizedOutput, governs: [Int], candidates: [Int], statistics: [ChannelStatistic],
    positions: Int
  ) {
    self.output = output.index
    self.governs = governs
    self.candidates = Quantizer.candidates(candidates)
    self.statistics = ChannelStatistic.allCases.filter { statistics.contains($0) }
    self.positions = positions
    channels = output.shape.dimensions.last ?? 0
    extent = output.shape.rank == 3 ? [output.shape[0], output.shape[1]] : [1, 1]
  }

  /// The number of features: each statistic of all channels, one after the other.
  public var featureCount: Int { statistics.count * channels }

  /// Multiply-accumulate operations on 8-bit values for the features: one product with 1 (the sum)
  /// and, for deviations, one square per value.
  public var featureMACs: Int {
    (statistics.contains(.deviation) ? 2 : 1) * channels * min(positions, extent[0])
      * min(positions, extent[1])
  }
}
