import DynaDFQ

/// Static mixed precision: bits for every layer, found by measured sensitivity on a student's own
/// synthetic images, at a share of the cost of the student with the same bits everywhere.
public struct AllocationSettings: Sendable, Codable, Hashable {
  /// The candidates of weights.
  public var weightBits: [Int]
  /// The candidates of quantized outputs.
  public var activationBits: [Int]
  /// The budget as a share of the BitOPs of the student as it is written, where `bitOPs` is nil.
  public var share: Double
  /// The budget in BitOPs of an image; nil for `share`.
  public var bitOPs: Double?
  /// The number of synthetic images that sensitivities are measured on.
  public var imageCount: Int

  /// Makes settings.
  public init(
    weightBits: [Int] = [2, 3, 4, 5, 6], activationBits: [Int] = [2, 3, 4, 5, 6],
    share: Double = 1, bitOPs: Double? = nil, imageCount: Int = 256
  ) {
    self.weightBits = weightBits
    self.activationBits = activationBits
    self.share = share
    self.bitOPs = bitOPs
    self.imageCount = imageCount
  }

  /// The quantizer with allocated bits.
  ///
  /// - Throws: `QuantizationError`, `NetworkError`, and what `progress` throws.
  func allocated(
    _ quantizer: Quantizer, teacher: Network, images: SyntheticImages, context: ExecutionContext,
    progress: @escaping () throws -> Void
  ) throws -> Quantizer {
    let sensitivity = try BitSensitivity(
      of: teacher, quantizer: quantizer, on: images, weightBits: weightBits,
      activationBits: activationBits, imageCount: imageCount, context: context
    ) { _, _ in try progress() }
    let allocation = try BitAllocation(
      sensitivity, network: teacher, quantizer: quantizer, budget: budget(quantizer, teacher))
    return quantizer.allocated(allocation)
  }

  private func budget(_ quantizer: Quantizer, _ teacher: Network) throws -> Double {
    if let bitOPs { return bitOPs }
    return try QuantizedNetwork(network: teacher, quantizer: quantizer).dearestBitOPs * share
  }

  /// Checks that a network has an allocation that meets the budget.
  ///
  /// - Throws: `QuantizationError`.
  func check(_ quantizer: Quantizer, teacher: Network) throws {
    let cheapest = try BitAllocation.cheapestBitOPs(
      network: teacher, quantizer: quantizer, weightBits: weightBits,
      activationBits: activationBits)
    let budget = try budget(quantizer, teacher)
    guard cheapest <= budget else {
      throw QuantizationError.budgetUnreachable(budget: budget, cheapest: cheapest, unit: "BitOPs")
    }
  }

  /// Checks what can be checked without images.
  ///
  /// - Throws: `QuantizationError`.
  func check() throws {
    for (what, list) in [("weights", weightBits), ("activations", activationBits)] {
      if list.isEmpty { throw QuantizationError.noCandidates }
      for bits in list where !(2...8).contains(bits) {
        throw QuantizationError.bitsOutOfRange(what: what, found: bits)
      }
    }
    guard share.isFinite, share > 0, share <= 16 else {
      throw QuantizationError.budgetUnreachable(budget: share, cheapest: 0, unit: "of the cost")
    }
    if let bitOPs {
      guard bitOPs.isFinite, bitOPs > 0 else {
        throw QuantizationError.budgetUnreachable(budget: bitOPs, cheapest: 0, unit: "BitOPs")
      }
    }
    guard imageCount > 0 else { throw QuantizationError.noImages(what: "an allocation of bits") }
  }
}
