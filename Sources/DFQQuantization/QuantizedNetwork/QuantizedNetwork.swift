import DFQEngine
public import DFQGraph
import DFQTensor

/// The student Q: a network with quantized weights and activations and, if it is dynamic, the
/// selector that chooses activation bits for each input image.
///
/// A value; executors run it.
public struct QuantizedNetwork: Sendable {
  /// The network with its floating-point shadow weights, which the quantizer rounds.
  public package(set) var network: Network
  /// How weights and activations are quantized.
  public let quantizer: Quantizer
  /// How bits are chosen, nil for a static student.
  public let selector: BitSelector?
  /// The quantized outputs, in the order of the graph.
  public let outputs: [QuantizedOutput]
  package let placement: Placement
  /// One grid per point and candidate.
  package var activationGrids: [[Grid]]
  /// The levels per unit of the 8-bit codes the selector's features are read from, by point.
  package var featureLevels: [Float]
  /// One step per output channel (or one) of each layer with learned weight steps; empty elsewhere.
  package var weightSteps: [[Float]]
  /// The share of each channel's extremes that its range keeps, by layer; learned steps need none.
  package var weightShrink: [[Float]]
  /// The lowest and the highest weight of each channel (or of the tensor) that its range is made of, by layer; empty
  /// where these are the extremes of the weights as they are.
  package var weightExtremes: [[Float]]
  /// The selector's parameters, site by site, then those that decide between passes.
  package var selectorParameters: [Float]
  /// Means and inverse deviations of the selectors' features, from calibration.
  package var selectorConstants: [Float]
  /// Subtracted from the scores, times the candidate's bits: the price of a bit at which synthetic
  /// images meet the budget.
  public package(set) var bitPrice: Float
  /// The selector's decisions in this network.
  let plan: DecisionPlan

  /// Makes a student of a network; ``calibrate(batches:context:)`` then finds its ranges.
  ///
  /// - Parameters:
  ///   - network: The full-precision network, whose weights become the shadow weights.
  ///   - quantizer: How weights and activations are quantized.
  ///   - selector: How bits are chosen where the quantizer leaves a choice; nil takes one decision
  ///     per layer.
  ///   - seed: The seed of the selector's first parameters.
  /// - Throws: ``QuantizationError`` for settings that cannot be used in this network.
  public init(
    network: Network, quantizer: Quantizer, selector: BitSelector? = nil, seed: UInt64 = 0
  ) throws {
    try self.init(
      network: network, quantizer: quantizer, selector: selector, seed: seed, check: { _ in })
  }

  /// Makes a student; `check` sees its decisions before memory is taken for them.
  init(
    network: Network, quantizer: Quantizer, selector: BitSelector?, seed: UInt64,
    check: (DecisionPlan) throws -> Void
  ) throws {
    let placement = try Placement(network.graph, quantizer: quantizer)
    self.network = network
    self.quantizer = quantizer
    self.placement = placement
    let isDynamic = placement.points.contains(where: \.isDynamic)
    self.selector = isDynamic ? selector ?? BitSelector(.perLayer) : nil
    activationGrids = placement.points.map { point in
      point.bits.map { Grid(low: 0, high: 1, bits: $0) }
    }
    featureLevels = [Float](repeating: 255, count: placement.points.count)
    weightSteps = placement.layers.map { _ in [] }
    weightShrink = weightSteps
    weightExtremes = weightSteps
    bitPrice = 0
    outputs = QuantizedNetwork.outputs(placement, network.graph)
    let own = Set(outputs.flatMap(\.bits)).sorted()
    let setting = DecisionSetting(
      outputs: outputs,
      candidates: quantizer.activationBits.count > 1 ? quantizer.activationBits : own)
    plan =
      try self.selector.map { try DecisionPlan($0, setting: setting) }
      ?? DecisionPlan(outputs: outputs)
    try check(plan)
    selectorParameters = plan.initialParameters(self.selector, seed: seed)
    selectorConstants = [Float](repeating: 0, count: plan.constantCount)
  }

  private static func outputs(_ placement: Placement, _ graph: Graph) -> [QuantizedOutput] {
    placement.points.enumerated().map { index, point in
      QuantizedOutput(
        index: index, name: graph.nodes[point.node].name,
        shape: graph.nodes[point.node].outputShape, bits: point.bits, rule: point.rule)
    }
  }

  /// Whether bits depend on the image.
  public var isDynamic: Bool { selector != nil }

  /// The cost model, in which an unquantized input counts as 32 bits.
  package var costModel: BitOPsModel {
    BitOPsModel(
      placement, familyBits: quantizer.activationBits[quantizer.activationBits.count / 2])
  }

  /// BitOPs of the selector for one image: features on 8-bit values, scores in float32.
  public var selectorBitOPs: Double { plan.bitOPs(selector) }

  /// The number of the selector's learned parameters.
  public var selectorParameterCount: Int { selectorParameters.count }

  /// Which candidate of each quantized output stands for each candidate of a decision.
  public var decisionMap: DecisionMap { plan.map }
}

extension Quantizer {
  /// Where this quantizer places its grids in a graph.
  package func placement(in graph: Graph) throws -> Placement {
    try Placement(graph, quantizer: self)
  }
}
