public import DFQEngine

/// One decision per image, at one quantized output, for all later ones.
///
/// The output at which it is taken, and those before it, keep their highest candidates.
public struct PerImageSelector: HeadDecider {
  /// Its name in files.
  public static var kind: String { "perImage" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "One decision for an image, at an early output, for all later ones.",
    reference: .init("Hong et al.", "CADyQ: Content-Aware Dynamic Quantization", "ECCV", 2022),
    formula: "bits = argmax of a head on channel statistics; gradient of the softmax mixture")

  /// The channel statistics that it looks at.
  public let features: [ChannelStatistic]
  /// The rows and columns of the sampled positions.
  public let positions: Int
  /// The width of a hidden ReLU layer, 0 for a linear selector.
  public let hidden: Int
  /// The position among the student's quantized outputs of the one at which the decision is taken;
  /// nil takes the first whose bits can be chosen.
  public let point: Int?

  /// Makes a selector.
  public init(
    features: [ChannelStatistic] = [.mean, .deviation], positions: Int = 8, hidden: Int = 16,
    point: Int? = nil
  ) {
    self.features = ChannelStatistic.allCases.filter { features.contains($0) }
    self.positions = positions
    self.hidden = hidden
    self.point = point
  }

  /// Throws where a size is out of bounds.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func check() throws {
    try DecisionHead.check(features: features, positions: positions, hidden: hidden)
    if let point, point < 0 {
      throw QuantizationError.badSelector(expected: "a point of at least 0", found: "\(point)")
    }
  }

  /// One decision about all outputs behind the point whose bits can be chosen.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)`` where the point is no quantized
  ///   output or none behind it has bits to choose.
  public func sites(in setting: DecisionSetting) throws -> [DecisionSite] {
    let outputs = setting.outputs
    guard let point = point ?? outputs.firstIndex(where: \.isDynamic) else { return [] }
    let governed = try setting.governed(behind: point).map(\.index)
    return [
      DecisionSite(
        at: outputs[point], governs: governed, candidates: setting.candidates,
        statistics: features, positions: positions)
    ]
  }
}
