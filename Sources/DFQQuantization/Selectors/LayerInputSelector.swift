public import DFQEngine

/// One decision per layer, from the codes that lie before it.
///
/// What ``PerLayerSelector`` asks of a layer's output before it is quantized is known here before the layer is computed: an
/// integer network computes no pixel twice and stores no numbers that wait to be rounded. From two layers before, threads that
/// share an image do not wait for each other's codes either. The first outputs whose bits can be chosen are decided together at the
/// first one's own value: what lies before it may be the image, where training has no gradient.
public struct LayerInputSelector: HeadDecider {
  /// Its name in files.
  public static var kind: String { "layerInput" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "A decision at every layer, from the codes of a layer before it.",
    formula: "bits = argmax of a head on statistics of codes; gradient of the softmax mixture")

  /// The channel statistics that it looks at.
  public let features: [ChannelStatistic]
  /// The rows and columns of the sampled positions.
  public let positions: Int
  /// The width of a hidden ReLU layer, 0 for a linear selector.
  public let hidden: Int
  /// How many quantized outputs before a layer's own are the codes that are looked at, at least 1.
  public let distance: Int

  /// Makes a selector.
  public init(
    features: [ChannelStatistic] = [.deviation], positions: Int = 4, hidden: Int = 0,
    distance: Int = 2
  ) {
    self.features = ChannelStatistic.allCases.filter { features.contains($0) }
    self.positions = positions
    self.hidden = hidden
    self.distance = distance
  }

  /// Throws where a setting is out of bounds.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func check() throws {
    try DecisionHead.check(features: features, positions: positions, hidden: hidden)
    guard (1...64).contains(distance) else {
      throw QuantizationError.badSelector(expected: "a distance in 1...64", found: "\(distance)")
    }
  }

  /// A decision about every output whose bits can be chosen: at the first one about itself and those up to ``distance`` after it, about
  /// each other one at the output that lies ``distance`` before it.
  public func sites(in setting: DecisionSetting) -> [DecisionSite] {
    let dynamic = setting.outputs.filter(\.isDynamic)
    guard let first = dynamic.first else { return [] }
    let start = dynamic.filter { $0.index <= first.index + distance }
    let own = DecisionSite(
      at: first, groups: start.map { [$0.index] }, candidates: start.flatMap(\.bits),
      statistics: features, positions: positions)
    return [own]
      + dynamic.dropFirst(start.count).map { output in
        DecisionSite(
          at: setting.outputs[output.index - distance], governs: [output.index],
          candidates: output.bits, statistics: features, positions: positions, isRounded: true)
      }
  }
}

extension LayerInputSelector: CompiledDecider {
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    headsOfGroups(at: site, parameters: parameters)
  }
}
