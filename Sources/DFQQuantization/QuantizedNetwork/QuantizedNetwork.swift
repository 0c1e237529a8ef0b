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
  package let placement: Placement
  /// One grid per point and candidate.
  package var activationGrids: [[Grid]]
  /// The levels per unit of the 8-bit codes the selector's features are read from, by point.
  package var featureLevels: [Float]
  /// One step per output channel (or one) of each layer with learned weight steps; empty elsewhere.
  package var weightSteps: [[Float]]
  /// The share of each channel's extremes that its range keeps, by layer; learned steps need none.
  package var weightShrink: [[Float]]
  /// The parameters of all selector heads.
  package var selectorParameters: [Float]
  /// Means and inverse deviations of the selectors' features, from calibration.
  package var selectorConstants: [Float]
  /// Subtracted from the logits, times the candidate's bits: the price of a bit that makes clean
  /// synthetic images meet the budget.
  package var bitPrice: Float
  let heads: [SelectorHead?]
  let features: [SelectorFeatures?]

  package init(
    network: Network, quantizer: Quantizer, selector: BitSelector?, seed: UInt64
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
    bitPrice = 0

    var heads = [SelectorHead?](repeating: nil, count: placement.points.count)
    var features = [SelectorFeatures?](repeating: nil, count: placement.points.count)
    var parameterCount = 0
    var constantCount = 0
    if let selector = self.selector {
      for index in QuantizedNetwork.decisionPoints(placement, selector) {
        let point = placement.points[index]
        let gatherer = SelectorFeatures(
          shape: network.graph.nodes[point.node].outputShape, selector: selector)
        let candidates =
          selector.granularity == .perLayer ? point.bits.count : quantizer.activationBits.count
        let count = selector.featureCount(channels: gatherer.channels)
        let size = SelectorHead.parameterCount(
          features: count, hidden: selector.hidden, candidates: candidates)
        heads[index] = SelectorHead(
          features: count, hidden: selector.hidden, candidates: candidates,
          range: parameterCount..<parameterCount + size,
          standardization: constantCount..<constantCount + 2 * count)
        features[index] = gatherer
        parameterCount += size
        constantCount += 2 * count
      }
    }
    self.heads = heads
    self.features = features
    var parameters = [Float](repeating: 0, count: parameterCount)
    for (index, head) in heads.enumerated() {
      head?.initialize(&parameters, seed: seed, point: index)
    }
    selectorParameters = parameters
    selectorConstants = [Float](repeating: 0, count: constantCount)
  }

  /// The points at which a decision is taken.
  private static func decisionPoints(_ placement: Placement, _ selector: BitSelector) -> [Int] {
    let dynamic = placement.dynamicPoints
    switch selector.granularity {
    case .perLayer: return dynamic
    case .perImage: return dynamic.isEmpty ? [] : [dynamic[min(selector.point, dynamic.count - 1)]]
    }
  }

  /// The point that decides for each point: itself, the image's one decision, or nil where the bits
  /// are static or come before the decision (then the highest candidate is used).
  func decider(of point: Int) -> Int? {
    guard let selector, placement.points[point].isDynamic else { return nil }
    switch selector.granularity {
    case .perLayer: return point
    case .perImage:
      let decision = heads.firstIndex { $0 != nil }!
      return point > decision ? decision : nil
    }
  }

  /// Whether bits depend on the image.
  public var isDynamic: Bool { selector != nil }

  /// The cost model, in which an unquantized input counts as 32 bits.
  package var costModel: BitOPsModel {
    BitOPsModel(
      placement, familyBits: quantizer.activationBits[quantizer.activationBits.count / 2])
  }

  /// BitOPs of the selector for one image: features on 8-bit values, logits in float32.
  public var selectorBitOPs: Double {
    guard let selector else { return 0 }
    var total = 0.0
    for (index, head) in heads.enumerated() {
      guard let head else { continue }
      let shape = network.graph.nodes[placement.points[index].node].outputShape
      let macs = selector.featureMACs(
        channels: shape.dimensions.last!, height: shape.rank == 3 ? shape[0] : 1,
        width: shape.rank == 3 ? shape[1] : 1)
      total += Double(macs) * 64
      total +=
        Double(selector.logitMACs(features: head.features, candidates: head.candidates)) * 1024
    }
    return total
  }

  /// The number of the selector's learned parameters.
  public var selectorParameterCount: Int { selectorParameters.count }

  /// BitOPs of one image at fixed activation bits in every layer that is not set otherwise, without
  /// a selector.
  public func bitOPs(activationBits: Int) -> Double {
    costModel.cost(placement.points.map { $0.isDynamic ? activationBits : $0.bits[0] })
  }
}
