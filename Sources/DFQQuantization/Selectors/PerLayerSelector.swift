public import DFQEngine

/// One decision per layer, from the layer's output before it is quantized.
///
/// A linear map or one hidden layer turns channel statistics into logits (CADyQ, Hong et al. 2022,
/// section 3).
public struct PerLayerSelector: HeadDecider {
  /// Its name in files.
  public static var kind: String { "perLayer" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "A decision at every layer, from the layer's output before it is quantized.",
    reference: .init("Hong et al.", "CADyQ: Content-Aware Dynamic Quantization", "ECCV", 2022),
    formula: "bits = argmax of a head on channel statistics; gradient of the softmax mixture")

  /// The channel statistics that it looks at.
  public let features: [ChannelStatistic]
  /// The rows and columns of the sampled positions.
  public let positions: Int
  /// The width of a hidden ReLU layer, 0 for a linear selector.
  public let hidden: Int

  /// Makes a selector.
  public init(
    features: [ChannelStatistic] = [.deviation], positions: Int = 4, hidden: Int = 0
  ) {
    self.features = ChannelStatistic.allCases.filter { features.contains($0) }
    self.positions = positions
    self.hidden = hidden
  }

  /// A decision at every output whose bits can be chosen, about this output.
  public func sites(in setting: DecisionSetting) -> [DecisionSite] {
    setting.outputs.filter(\.isDynamic).map { output in
      DecisionSite(
        at: output, governs: [output.index], candidates: output.bits, statistics: features,
        positions: positions)
    }
  }
}
