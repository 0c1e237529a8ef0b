public import DFQRuntime
public import DFQTensor

/// Where decisions can be taken in a network.
public struct DecisionSetting: Sendable, Hashable {
  /// The student's quantized outputs, in the order of the graph.
  public let outputs: [QuantizedOutput]
  /// The candidate bits of the quantizer; all bits of its outputs where it has one candidate.
  public let candidates: [Int]
  /// The shape of an image, H W C.
  public let imageShape: Shape

  /// The quantized outputs behind a point whose bits can be chosen.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)`` where the point is no quantized
  ///   output or none behind it has bits to choose.
  func governed(behind point: Int) throws -> [QuantizedOutput] {
    guard outputs.indices.contains(point) else {
      throw QuantizationError.badSelector(
        expected: "a point in 0..<\(outputs.count), the student's quantized outputs",
        found: "\(point)")
    }
    let governed = outputs.filter { $0.isDynamic && $0.index > point }
    guard !governed.isEmpty else {
      throw QuantizationError.badSelector(
        expected: "a quantized output with several candidates behind point \(point)",
        found: "none")
    }
    return governed
  }
}

/// One decision about bits, taken for every image while it passes through the student.
public struct DecisionSite: Sendable, Hashable {
  /// The quantized output whose value the features are taken from.
  public let output: Int
  /// Whether the features are taken from the value after it is quantized.
  ///
  /// Then only later outputs can be governed, and an integer network computes nothing twice. Features are standardized by the mean and
  /// deviation that they have without rounding.
  public let isRounded: Bool
  /// The quantized outputs whose bits are decided: this one or later ones.
  public let governs: [Int]
  /// What is decided separately: each group of the governed outputs has a choice of its own.
  public let groups: [[Int]]
  /// The bits to choose from, ascending.
  public let candidates: [Int]
  /// What is looked at in the image itself, nil for nothing.
  public let image: ImageFeatures?
  /// Whether the price of a bit is the same for every group; otherwise each of several groups counts
  /// by its share of the cost, as a decision about its own output does.
  public let pricesUniformly: Bool
  /// Whether the image's statistics are paid here: they are measured once for all decisions.
  var paysImage = true
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
  ///   - image: What is looked at in the image itself.
  ///   - isRounded: Whether the value is looked at after it is quantized.
  public init(
    at output: QuantizedOutput, governs: [Int], candidates: [Int], statistics: [ChannelStatistic],
    positions: Int, image: ImageFeatures? = nil, isRounded: Bool = false
  ) {
    self.init(
      at: output, groups: [governs], candidates: candidates, statistics: statistics,
      positions: positions, image: image, isRounded: isRounded)
  }

  /// Describes several decisions that are taken together, from the same features.
  ///
  /// A decider writes the scores of all groups, one group after the other.
  ///
  /// - Parameters:
  ///   - output: The quantized output that is looked at.
  ///   - groups: The positions of the quantized outputs whose bits are decided, by decision.
  ///   - candidates: The bits that each group chooses from.
  ///   - statistics: What is looked at in the output; nothing where an image is looked at.
  ///   - positions: The rows and columns of sampled positions.
  ///   - image: What is looked at in the image itself.
  ///   - pricesUniformly: Whether a bit has the same price in every group.
  ///   - isRounded: Whether the value is looked at after it is quantized.
  public init(
    at output: QuantizedOutput, groups: [[Int]], candidates: [Int],
    statistics: [ChannelStatistic], positions: Int, image: ImageFeatures? = nil,
    pricesUniformly: Bool = false, isRounded: Bool = false
  ) {
    self.output = output.index
    self.isRounded = isRounded
    self.groups = groups
    self.image = image
    self.pricesUniformly = pricesUniformly
    governs = groups.flatMap { $0 }
    self.candidates = Quantizer.candidates(candidates)
    self.statistics = ChannelStatistic.allCases.filter { statistics.contains($0) }
    self.positions = positions
    channels = output.shape.dimensions.last ?? 0
    extent = output.shape.rank == 3 ? [output.shape[0], output.shape[1]] : [1, 1]
  }

  /// The number of features: each statistic of all channels, one after the other, then those of the
  /// image.
  public var featureCount: Int { channelFeatureCount + (image?.statistics.count ?? 0) }

  /// The number of features that are statistics of channels.
  var channelFeatureCount: Int { statistics.count * channels }

  /// The number of scores: one for each candidate of each group.
  public var scoreCount: Int { groups.count * candidates.count }

  /// Multiply-accumulate operations on 8-bit values for the features: one product with 1 (the sum)
  /// and, for deviations, one square per value; and those for the image's statistics, at the first
  /// decision that reads them.
  public var featureMACs: Int { sampleMACs + (paysImage ? image?.macs ?? 0 : 0) }

  /// The number of sampled values.
  package var sampleCount: Int {
    statistics.isEmpty ? 0 : channels * min(positions, extent[0]) * min(positions, extent[1])
  }

  private var sampleMACs: Int { (statistics.contains(.deviation) ? 2 : 1) * sampleCount }
}
