public import DFQGraph

/// Bits for every layer's weights and every quantized output, the same for all images: static mixed
/// precision.
public struct BitAllocation: Sendable, Codable, Hashable {
  /// The bits of one layer's weights, or of one quantized output.
  public struct Choice: Sendable, Codable, Hashable {
    /// The layer's name.
    public var name: String
    /// The bits.
    public var bits: Int

    /// Makes a choice.
    public init(name: String, bits: Int) {
      self.name = name
      self.bits = bits
    }
  }

  /// The bits of weights, layer by layer.
  public var weights: [Choice]
  /// The bits of quantized outputs.
  public var activations: [Choice]
  /// BitOPs of an image.
  public var bitOPs: Double
  /// The sum of the sensitivities at these bits, in nats.
  public var loss: Double

  /// The allocation of least loss whose BitOPs are at most a budget.
  ///
  /// The losses of single places are added up, as in the integer program of HAWQ-V3 (Yao et al., ICML
  /// 2021, equation 6). Weights and the values that they multiply are chosen together, because their
  /// bits multiply in the cost. An output that no layer reads, such as that of the last block before
  /// the mean, costs nothing and takes its bits of least loss.
  ///
  /// - Parameters:
  ///   - sensitivity: The measured losses; its bits are the candidates.
  ///   - network: The network that was measured.
  ///   - quantizer: The quantizer that the allocation is for; its rules stay in force.
  ///   - budget: BitOPs of an image.
  /// - Throws: ``QuantizationError/budgetUnreachable(budget:cheapest:unit:)``, and what a quantizer throws
  ///   that cannot be used in the network.
  public init(
    _ sensitivity: BitSensitivity, network: Network, quantizer: Quantizer, budget: Double
  ) throws {
    let places = try AllocationPlaces(sensitivity, network: network, quantizer: quantizer)
    let constant = AllocationProblem.Option(cost: places.constant, loss: 0, bits: [])
    let chosen = try AllocationProblem(
      groups: places.groups.map(\.options) + [[constant]], budget: budget
    ).solution()
    weights = []
    activations = []
    loss = 0
    bitOPs = places.constant
    var weightBits: [Int: Int] = [:]
    var activationBits: [Int: Int] = [:]
    for (group, option) in zip(places.groups, chosen) {
      let option = group.options[option]
      loss += option.loss
      bitOPs += option.cost
      if let point = group.point { activationBits[point] = option.bits[0] }
      for (layer, bits) in zip(group.layers, option.bits.dropFirst(group.point == nil ? 0 : 1)) {
        weightBits[layer] = bits
      }
    }
    for (index, entry) in sensitivity.weights.enumerated() {
      guard let bits = weightBits[index] else { continue }
      weights.append(.init(name: entry.name, bits: bits))
    }
    for (index, entry) in sensitivity.activations.enumerated() {
      guard let bits = activationBits[index] else { continue }
      activations.append(.init(name: entry.name, bits: bits))
    }
  }
}

extension BitAllocation {
  /// BitOPs of an image at the fewest candidates everywhere: the least budget.
  ///
  /// - Throws: ``QuantizationError``.
  public static func cheapestBitOPs(
    network: Network, quantizer: Quantizer, weightBits: [Int], activationBits: [Int]
  ) throws -> Double {
    let places = try AllocationPlaces(
      BitSensitivity(
        unmeasured: network, quantizer: quantizer, weightBits: weightBits,
        activationBits: activationBits),
      network: network, quantizer: quantizer)
    return places.groups.reduce(places.constant) { sum, group in
      sum + (group.options.map(\.cost).min() ?? 0)
    }
  }
}

extension Quantizer {
  /// The quantizer with the bits of an allocation as rules before its own.
  public func allocated(_ allocation: BitAllocation) -> Quantizer {
    var result = self
    result.weightsFollowActivations = false
    result.overrides =
      allocation.activations.map { Override($0.name, activationBits: [$0.bits]) }
      + allocation.weights.map { Override($0.name, weightBits: $0.bits) } + overrides
    return result
  }
}
