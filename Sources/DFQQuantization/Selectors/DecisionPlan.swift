import DFQRuntime
import DFQTensor

/// A selector's decisions in one network: the map, and where each decision's parameters, constants
/// and memory lie.
struct DecisionPlan: Sendable {
  /// One site's places in the flat vectors.
  struct Entry: Sendable {
    let site: DecisionSite
    let features: SelectorFeatures
    /// In the vector of parameters.
    let parameters: Range<Int>
    /// In the vector of constants: means, then inverse deviations (F each).
    let constants: Range<Int>
    /// In an image's workspace.
    let workspace: Range<Int>

    /// In an image's features.
    var featureRange: Range<Int> {
      constants.lowerBound / 2..<constants.upperBound / 2
    }
    /// The place of its first group among those of all sites.
    let firstSlot: Int

    /// Writes all features of an image, not standardized: those of the value as it is, or as it is rounded to `grid`.
    func gather(
      _ value: UnsafePointer<Float>, roundedTo grid: Grid?, levelsPerUnit: Float,
      kernels: Kernels, image: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>
    ) {
      if !site.statistics.isEmpty {
        if let grid {
          features.gather(value, roundedTo: grid, kernels: kernels, into: output)
        } else {
          features.gather(value, levelsPerUnit: levelsPerUnit, kernels: kernels, into: output)
        }
      }
      guard let count = site.image?.statistics.count, let image else { return }
      (output + site.channelFeatureCount).update(from: image, count: count)
    }
  }

  let map: DecisionMap
  let entries: [Entry]
  /// The positions of the outputs' candidates, pass by pass; empty for one pass decided at sites.
  let passes: [[UInt8]]
  /// The parameters that decide between passes.
  let passParameters: Range<Int>
  /// What the decisions read of an image; all of them read the same.
  let image: ImageFeatures?
  /// The temperature of Gumbel noise in training, nil without noise.
  let gumbelTemperature: Float?
  let constantCount: Int
  let workspaceCount: Int
  /// The most candidates a site has.
  let candidateLimit: Int

  var parameterCount: Int { passParameters.upperBound }

  /// No decisions.
  init(outputs: [QuantizedOutput]) throws {
    map = try DecisionMap(outputs: outputs, sites: [])
    (entries, passes, passParameters, image, gumbelTemperature) = ([], [], 0..<0, nil, nil)
    (constantCount, workspaceCount, candidateLimit) = (0, 0, 0)
  }

  init(_ selector: BitSelector, setting: DecisionSetting) throws {
    let decider = selector.decider
    try decider.check()
    map = try DecisionMap(outputs: setting.outputs, sites: try decider.sites(in: setting))
    var (parameters, constants, workspace) = (0, 0, 0)
    image = map.sites.lazy.compactMap(\.image).first
    for site in map.sites where site.image != nil && site.image != image {
      throw QuantizationError.badSelector(
        expected: "one choice of the image's statistics for all decisions", found: "two")
    }
    gumbelTemperature = decider.gumbelTemperature
    let slots = map.firstSlots
    entries = map.sites.enumerated().map { index, site in
      let features = 2 * site.featureCount
      let counts = (
        max(decider.parameterCount(at: site), 0), max(decider.workspaceCount(at: site), 0)
      )
      defer {
        parameters += counts.0
        constants += features
        workspace += counts.1
      }
      return Entry(
        site: site,
        features: SelectorFeatures(
          kinds: site.statistics, channels: site.channels, extent: site.extent,
          positions: site.positions),
        parameters: parameters..<parameters + counts.0,
        constants: constants..<constants + features,
        workspace: workspace..<workspace + counts.1, firstSlot: slots[index])
    }
    (constantCount, workspaceCount) = (constants, workspace)
    passParameters = parameters..<parameters + max(decider.passParameterCount, 0)
    candidateLimit = map.sites.map(\.candidates.count).max() ?? 0
    let bits = try decider.passes(in: setting)
    guard bits.isEmpty || entries.isEmpty else {
      throw QuantizationError.badSelector(
        expected: "decisions inside a pass or between passes", found: "both")
    }
    passes = try bits.map { try DecisionPlan.positions($0, outputs: setting.outputs) }
  }

  /// The positions of candidates with these bits, output by output.
  static func positions(_ bits: [Int], outputs: [QuantizedOutput]) throws -> [UInt8] {
    guard bits.count == outputs.count else {
      throw QuantizationError.bitsCount(
        what: "quantized outputs", expected: outputs.count, found: bits.count)
    }
    return try zip(bits, outputs).map { bits, output in
      guard let position = output.bits.firstIndex(of: bits) else {
        throw QuantizationError.notACandidate(bits: bits, candidates: output.bits)
      }
      return UInt8(position)
    }
  }

  /// The selector's first parameters.
  func initialParameters(_ selector: BitSelector?, seed: UInt64) -> [Float] {
    var parameters = [Float](repeating: 0, count: parameterCount)
    guard let decider = selector?.decider else { return parameters }
    for entry in entries {
      let first = decider.initialParameters(at: entry.site, seed: seed)
      precondition(first.count == entry.parameters.count, "a value for every parameter")
      parameters.replaceSubrange(entry.parameters, with: first)
    }
    return parameters
  }

  /// BitOPs of taking all decisions for one image: features on 8-bit values, scores in float32.
  func bitOPs(_ selector: BitSelector?) -> Double {
    guard let decider = selector?.decider else { return 0 }
    return entries.reduce(0.0) { sum, entry in
      sum + Double(entry.site.featureMACs) * 64 + Double(decider.macs(at: entry.site)) * 1024
    }
  }
}
