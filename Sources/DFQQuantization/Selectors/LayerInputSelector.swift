public import DFQEngine

/// One decision per layer, from the codes of the layer before it.
///
/// What ``PerLayerSelector`` asks of a layer's output before it is quantized is known here before the layer is computed:
/// an integer network computes no pixel twice and stores no numbers that wait to be rounded. The first two outputs whose bits
/// can be chosen are decided at the first one's own value: what lies before it may be the image, where training has no gradient.
public struct LayerInputSelector: HeadDecider {
  /// Its name in files.
  public static var kind: String { "layerInput" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "A decision at every layer, from the codes of the layer before it.",
    formula: "bits = argmax of a head on statistics of codes; gradient of the softmax mixture")

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

  /// A decision about every output whose bits can be chosen: about the first two at the first, about each other one at
  /// the output before it.
  public func sites(in setting: DecisionSetting) -> [DecisionSite] {
    let dynamic = setting.outputs.filter(\.isDynamic)
    guard let first = dynamic.first else { return [] }
    let pair = dynamic.prefix(2)
    let start = DecisionSite(
      at: first, groups: pair.map { [$0.index] }, candidates: pair.flatMap(\.bits),
      statistics: features, positions: positions)
    return [start]
      + dynamic.dropFirst(2).map { output in
        DecisionSite(
          at: setting.outputs[output.index - 1], governs: [output.index],
          candidates: output.bits, statistics: features, positions: positions, isRounded: true)
      }
  }
}

extension LayerInputSelector: CompiledDecider {
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    headsOfGroups(at: site, parameters: parameters)
  }
}
