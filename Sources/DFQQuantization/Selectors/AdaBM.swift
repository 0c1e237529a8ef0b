public import DFQEngine
import DFQRuntime

/// AdaBM's two factors (Hong and Lee, "AdaBM: On-the-Fly Adaptive Bit Mapping for Image
/// Super-Resolution", CVPR 2024): a layer's bits are the base, one step more or less for a complex or
/// simple image, and one step more or less for a sensitive or robust layer.
///
/// b_k(x) = clamp(b + b_I(x) + b_L(k)). With the image's complexity c and thresholds l, u: b_I = -1 for
/// c < l, +1 for c > u, else 0. With the mean deviation sigma_k of layer k's values over the images, and
/// percentiles of it among the layers: b_L = -1 below the lower one, +1 above the upper one, else 0.
/// Both come from synthetic images in seconds, without labels and without a gradient.
///
/// A budget moves both thresholds upwards by the price of a bit, so that fewer images get more.
public struct AdaBM: BitDecider {
  /// Its name in files.
  public static var kind: String { "adabm" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "A step more or less for complex images, and for sensitive layers, by two percentiles each.",
    reference: .init(
      "Hong and Lee", "AdaBM: On-the-Fly Adaptive Bit Mapping for Image Super-Resolution", "CVPR",
      2024),
    formula: "bits_k(x) = base + [c(x) > u] - [c(x) < l] + [sigma_k > U] - [sigma_k < L]",
    page: "AdaBM",
    notes: ["Integer programs have it with `complexity: deviation`, not with the image's gradient."]
  )

  /// Other settings that make sense.
  public static var variants: [String: AdaBM] {
    ["deviation": AdaBM(complexity: .deviation)]
  }

  /// It is calibrated.
  public var learning: DeciderLearning { .fitted }
  /// Layers are compared by their deviations.
  public var readsOutputDeviations: Bool { true }

  /// What tells a complex image.
  public enum Complexity: String, Sendable, Codable, CaseIterable {
    /// The mean magnitude of the image's gradient, as published.
    case gradient
    /// The mean of the channels' standardized deviations at the first output whose bits can be chosen.
    case deviation
  }

  /// What tells a complex image.
  public let complexity: Complexity
  /// The shares of synthetic images below the lower and below the upper threshold.
  public let imagePercentiles: [Double]
  /// The shares of layers below the lower and below the upper bound of deviations.
  public let layerPercentiles: [Double]
  /// The position among the candidates of the base b; nil takes the middle one.
  public let base: Int?
  /// The rows and columns of the positions that deviations are taken over.
  public let positions: Int

  /// Makes a selector; the defaults are the published settings.
  public init(
    complexity: Complexity = .gradient, imagePercentiles: [Double] = [0.1, 0.9],
    layerPercentiles: [Double] = [0.3, 0.7], base: Int? = nil, positions: Int = 8
  ) {
    self.complexity = complexity
    self.imagePercentiles = imagePercentiles
    self.layerPercentiles = layerPercentiles
    self.base = base
    self.positions = positions
  }

  /// Throws where a setting is out of bounds.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func check() throws {
    try DecisionHead.check(features: [.deviation], positions: positions, hidden: 0)
    for shares in [imagePercentiles, layerPercentiles] {
      guard shares.count == 2, (0...1).contains(shares[0]), (shares[0]...1).contains(shares[1])
      else {
        throw QuantizationError.badSelector(
          expected: "two ascending shares in 0...1", found: "\(shares.prefix(9))")
      }
    }
    if let base, base < 0 {
      throw QuantizationError.badSelector(expected: "a base of at least 0", found: "\(base)")
    }
  }

  /// One place, the first output whose bits can be chosen, at which all of them are decided.
  public func sites(in setting: DecisionSetting) -> [DecisionSite] {
    let governed = setting.outputs.filter(\.isDynamic)
    guard let first = governed.first else { return [] }
    let readsImage = complexity == .gradient
    return [
      DecisionSite(
        at: first, groups: governed.map { [$0.index] }, candidates: setting.candidates,
        statistics: readsImage ? [] : [.deviation], positions: readsImage ? 1 : positions,
        image: readsImage ? ImageFeatures([.gradientMagnitude], shape: setting.imageShape) : nil,
        pricesUniformly: true)
    ]
  }

  /// The two thresholds, then each layer's factor.
  public func parameterCount(at site: DecisionSite) -> Int { 2 + site.groups.count }

  /// Thresholds one deviation from the mean, and layers that are all alike.
  public func initialParameters(at site: DecisionSite, seed: UInt64) -> [Float] {
    [-1, 1] + [Float](repeating: 0, count: site.groups.count)
  }

  /// For each layer l - c, 0 and c - u at the candidates one step below, at and above its own base;
  /// what is cut off at the lowest or highest candidate falls together.
  public func scores(_ input: DecisionInput, into scores: UnsafeMutableBufferPointer<Float>) {
    let c = input.features.reduce(0, +) / Float(max(input.features.count, 1))
    let (lower, upper) = (input.parameters[0], input.parameters[1])
    let candidates = input.site.candidates.count
    scores.update(repeating: AdaBM.never)
    for group in input.site.groups.indices {
      let places = places(factor: input.parameters[2 + group], candidates: candidates)
      let start = group * candidates
      scores[start + places.above] = c - upper
      scores[start + places.below] = lower - c
      scores[start + places.own] = 0
    }
  }

  /// The mean of the features and two comparisons; a layer's factor is an addition of small integers.
  public func macs(at site: DecisionSite) -> Int { site.featureCount + 2 }

  /// Sets thresholds and factors to percentiles.
  public func fit(_ parameters: inout [Float], to measurements: DeciderMeasurements) {
    guard let site = measurements.sites.first, let features = measurements.features.first else {
      return
    }
    let complexities = (0..<features.rowCount).map { row in
      Double(features.row(row).elements.reduce(0, +)) / Double(max(site.featureCount, 1))
    }
    for (place, share) in imagePercentiles.enumerated() {
      parameters[place] = Float(Percentile.of(complexities, share))
    }
    let deviations = site.groups.map { group in
      group.reduce(0) { $0 + measurements.outputDeviations[$1] } / Double(group.count)
    }
    let bounds = layerPercentiles.map { Percentile.of(deviations, $0) }
    for (group, deviation) in deviations.enumerated() {
      parameters[2 + group] = deviation > bounds[1] ? 1 : deviation < bounds[0] ? -1 : 0
    }
  }

  /// The score of a candidate that is not in question; finite, so that files can hold it.
  private static let never: Float = -1e6

  /// The positions of the candidates for a simple, a usual and a complex image in a layer.
  private func places(factor: Float, candidates: Int) -> (below: Int, own: Int, above: Int) {
    let steps = Int(min(max(factor, -8), 8).rounded())
    let middle = min(base ?? candidates / 2, candidates - 1) + steps
    func place(_ position: Int) -> Int { min(max(position, 0), candidates - 1) }
    return (place(middle - 1), place(middle), place(middle + 1))
  }
}

extension AdaBM: CompiledDecider {
  /// Coefficients of -1/F and 1/F below and above the base, F the number of features.
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    let (features, candidates) = (site.featureCount, site.candidates.count)
    return site.groups.indices.map { group in
      let places = places(factor: parameters[2 + group], candidates: candidates)
      var slopes = [Float](repeating: 0, count: candidates)
      var biases = [Float](repeating: AdaBM.never, count: candidates)
      slopes[places.above] = 1 / Float(features)
      biases[places.above] = -parameters[1]
      slopes[places.below] = -1 / Float(features)
      biases[places.below] = parameters[0]
      slopes[places.own] = 0
      biases[places.own] = 0
      return CompiledHead(hidden: 0, parameters: (0..<features).flatMap { _ in slopes } + biases)
    }
  }
}
