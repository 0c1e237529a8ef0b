public import DFQEngine
import DFQTensor

/// Decisions from channel statistics that are fitted to measured sensitivities.
///
/// On synthetic images the divergence KL(teacher || student) is measured at each candidate; at each
/// site a linear map predicts it from the site's features by ridge regression. In use the candidate
/// with the least predicted divergence plus price of its bits wins. Where features tell which image
/// needs bits, such a map finds it; gradients through a softmax mixture (CADyQ, Hong et al. 2022) only
/// see one step at a time.
public struct SensitivitySelector: BitDecider {
  /// Its name in files.
  public static var kind: String { "sensitivity" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "A linear map fitted to measured divergences at each candidate decides.",
    formula: "bits = argmin of predicted KL(teacher || student) + price * bits, by ridge regression"
  )
  /// It is fitted to measurements.
  public var learning: DeciderLearning { .fitted }

  /// One decision for each layer or for each image.
  public let granularity: BitSelector.Granularity
  /// The channel statistics that it looks at.
  public let features: [ChannelStatistic]
  /// The rows and columns of the sampled positions.
  public let positions: Int
  /// The position among the student's quantized outputs of the one at which the per-image decision is
  /// taken; nil takes the first whose bits can be chosen.
  public let point: Int?
  /// The weight of the squared coefficients against the squared errors of one image.
  public let ridge: Float

  /// Makes a selector.
  public init(
    _ granularity: BitSelector.Granularity, features: [ChannelStatistic] = [.mean, .deviation],
    positions: Int = 4, point: Int? = nil, ridge: Float = 0.01
  ) {
    self.granularity = granularity
    self.features = ChannelStatistic.allCases.filter { features.contains($0) }
    self.positions = positions
    self.point = point
    self.ridge = ridge
  }

  /// Throws where a setting is out of bounds.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func check() throws {
    try DecisionHead.check(features: features, positions: positions, hidden: 0)
    guard ridge.isFinite, ridge > 0 else {
      throw QuantizationError.badSelector(expected: "a ridge above 0", found: "\(ridge)")
    }
  }

  /// The sites of ``PerLayerSelector`` or ``PerImageSelector``.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func sites(in setting: DecisionSetting) throws -> [DecisionSite] {
    switch granularity {
    case .perLayer:
      PerLayerSelector(features: features, positions: positions).sites(in: setting)
    case .perImage:
      try PerImageSelector(features: features, positions: positions, point: point)
        .sites(in: setting)
    }
  }

  /// An intercept and a coefficient of each feature, for each candidate.
  public func parameterCount(at site: DecisionSite) -> Int {
    site.candidates.count * (1 + site.featureCount)
  }

  /// The predicted divergences, negative.
  public func scores(_ input: DecisionInput, into scores: UnsafeMutableBufferPointer<Float>) {
    let row = 1 + input.features.count
    for candidate in scores.indices {
      var sum = input.parameters[candidate * row]
      for feature in input.features.indices {
        sum += input.parameters[candidate * row + 1 + feature] * input.features[feature]
      }
      scores[candidate] = -sum
    }
  }

  /// One product for each coefficient.
  public func macs(at site: DecisionSite) -> Int { parameterCount(at: site) }

  /// Fits the map of each site.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)`` without the teacher's logits.
  public func fit(_ parameters: inout [Float], to measurements: DeciderMeasurements) throws {
    guard let teacher = measurements.teacherLogits else {
      throw QuantizationError.badSelector(
        expected: "the teacher's logits to measure sensitivities", found: "none")
    }
    let divergences = measurements.logits.map { logits in
      (0..<teacher.rowCount).map { image in
        Softmax(teacher.row(image).elements).divergence(of: Softmax(logits.row(image).elements))
      }
    }
    parameters = measurements.features.flatMap { features in
      divergences.flatMap { RidgeRegression(ridge: Double(ridge)).fit(features, to: $0) }
    }
  }
}
