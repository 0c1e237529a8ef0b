public import DFQEngine
import DFQTensor

/// The bit controller of DQNet (Liu et al., "Instance-Aware Dynamic Neural Network Quantization", CVPR
/// 2022): one small network on early features chooses the bits of all later layers at once, each
/// layer's on its own.
///
/// For an image x with early features f(x), the controller gives a score s_l,j for each later layer l
/// and candidate b_j. Training takes the one-hot p_l = argmax_j (s_l,j + g_l,j) / tau with Gumbel noise
/// g = -log(-log u), and the gradient of the softmax; evaluation takes the argmax without noise. The
/// budget is the hinge `DynamicTrainer.BudgetRule.hinge`, whose mean of bits is weighted by MACs here.
public struct DQNet: HeadDecider {
  /// Its name in files.
  public static var kind: String { "dqnet" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "One controller on early features chooses every later layer's bits at once.",
    reference: .init(
      "Liu et al.", "Instance-Aware Dynamic Neural Network Quantization", "CVPR", 2022),
    formula: "p_l = argmax_j (s_lj + g_lj) / tau, g Gumbel; CE + lambda max(mean bits - b, 0)",
    page: "DQNet",
    notes: ["Bits of weights follow with weightsFollowActivations, as published."])

  /// Other settings that make sense.
  public static var variants: [String: DQNet] {
    ["linear": DQNet(hidden: 0)]
  }

  /// The channel statistics that the controller looks at, instead of the published averages over 8 x 8
  /// cells.
  public let features: [ChannelStatistic]
  /// The rows and columns of the sampled positions.
  public let positions: Int
  /// The width of the hidden layer, 0 for a linear controller.
  public let hidden: Int
  /// The temperature tau of the Gumbel-softmax; 0 trains without noise.
  public let temperature: Float
  /// The position among the student's quantized outputs of the one that the controller reads; nil takes
  /// the one after a quarter of them, which in ResNet-18 ends the first stage.
  public let point: Int?

  /// Makes a controller; the defaults are the published settings where they apply.
  public init(
    features: [ChannelStatistic] = [.mean, .deviation], positions: Int = 8, hidden: Int = 64,
    temperature: Float = 1, point: Int? = nil
  ) {
    self.features = ChannelStatistic.allCases.filter { features.contains($0) }
    self.positions = positions
    self.hidden = hidden
    self.temperature = temperature
    self.point = point
  }

  /// The temperature of training's noise.
  public var gumbelTemperature: Float? { temperature > 0 ? temperature : nil }

  /// Throws where a setting is out of bounds.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func check() throws {
    try DecisionHead.check(features: features, positions: positions, hidden: hidden)
    guard temperature == 0 || (0.01...100).contains(temperature) else {
      throw QuantizationError.badSelector(
        expected: "a temperature of 0 or in 0.01...100", found: "\(temperature)")
    }
    if let point, point < 0 {
      throw QuantizationError.badSelector(expected: "a point of at least 0", found: "\(point)")
    }
  }

  /// One place at which every output behind it whose bits can be chosen gets a decision of its own.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)`` where the point is no quantized
  ///   output or none behind it has bits to choose.
  public func sites(in setting: DecisionSetting) throws -> [DecisionSite] {
    let outputs = setting.outputs
    let point = point ?? outputs.count / 4
    let governed = try setting.governed(behind: point)
    return [
      DecisionSite(
        at: outputs[point], groups: governed.map { [$0.index] }, candidates: setting.candidates,
        statistics: features, positions: positions)
    ]
  }

  /// Random hidden weights, and a bias of 1 for the most bits of every layer.
  public func initialParameters(at site: DecisionSite, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, "selector", site.output)
    var parameters = head(at: site).initialParameters(&stream)
    let biases = parameters.count - site.scoreCount
    for group in site.groups.indices {
      parameters[biases + (group + 1) * site.candidates.count - 1] = 1
    }
    return parameters
  }
}

extension DQNet: CompiledDecider {
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    headsOfGroups(at: site, parameters: parameters)
  }
}
