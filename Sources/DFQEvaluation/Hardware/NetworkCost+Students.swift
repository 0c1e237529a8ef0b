public import DFQQuantization

extension QuantizedNetwork {
  /// What the student costs on some hardware: a roofline of each layer, see ``HardwareModel``.
  ///
  /// Where weights do not stay on the chip they are read from DRAM once for every batch, or more often
  /// where the batch's values do not fit beside them. A student whose passes share weights reads them again
  /// in each pass, for the images that take it.
  ///
  /// - Parameters:
  ///   - model: The hardware.
  ///   - batch: The number of images that are computed together, at least 1.
  ///   - bits: How often each quantized output has each of its widths, in the order of
  ///     ``QuantizedNetwork/quantizedOutputs``, for example from the histograms of
  ///     ``EvaluationReport/layers``; nil takes the one width of a static student, the passes of a decider
  ///     between passes, else the middle candidate.
  ///   - passShares: For a decider between passes, the share of all images that takes each pass but the
  ///     first; nil takes those that a ``MarginCascade`` was fitted to.
  /// - Returns: The cost of a batch, layer by layer and in total.
  /// - Throws: ``QuantizationError/bitsCount(what:expected:found:)`` for another number of outputs,
  ///   ``QuantizationError/notACandidate(bits:candidates:)`` for widths that an output does not have,
  ///   ``QuantizationError/badSelector(expected:found:)`` for shares that do not fit.
  public func hardwareCost(
    on model: HardwareModel, batch: Int = 1, bits: [BitShares]? = nil,
    passShares: [Double]? = nil
  ) throws -> NetworkCost {
    NetworkCost(
      try hardwarePasses(bits: bits, passShares: passShares, share: 1, weightSet: 0),
      on: model, batch: batch)
  }

  /// The widths at which every output that can be chosen has a mean: the two candidates next to it.
  public func bitShares(mean: Double) -> [BitShares] {
    outputs.map { BitShares(mean: mean, candidates: $0.bits) }
  }

  /// The static student of the same network and quantizer whose BitOPs are nearest: of uniform activation
  /// bits and, where `withWeights` is true, weights of as many bits.
  ///
  /// Rules that give layers other bits are left out. Its ranges are not calibrated: it is for comparing costs.
  public func staticStudent(
    nearestToBitOPs bitOPs: Double, withWeights: Bool = false
  ) throws -> QuantizedNetwork {
    let students = try (2...8).map { bits in
      var quantizer = self.quantizer
      quantizer.activationBits = [bits]
      if withWeights { quantizer.weightBits = bits }
      quantizer.overrides = quantizer.overrides.filter(\.ignored)
      return try QuantizedNetwork(network: network, quantizer: quantizer)
    }
    func distance(_ student: QuantizedNetwork) -> Double {
      abs(student.bitOPs(meanActivationBits: Double(student.quantizer.activationBits[0])) - bitOPs)
    }
    return students.min { distance($0) < distance($1) } ?? students[0]
  }
}

extension StudentCascade {
  /// What the cascade costs on some hardware.
  ///
  /// Every level reads weights of its own, for the images that reach it: a second pass of few images
  /// shares them among few.
  ///
  /// - Parameters:
  ///   - model: The hardware.
  ///   - batch: The number of images that the first level computes together, at least 1. Those of them
  ///     that continue form the batch of the next level.
  ///   - continuing: The share of each level's images that continues; nil takes ``StudentCascade/shares``.
  ///   - bits: How often each quantized output of each level has each of its widths, as in
  ///     ``QuantizedNetwork/hardwareCost(on:batch:bits:passShares:)``.
  /// - Returns: The cost of a batch, layer by layer and in total.
  /// - Throws: As the variant for students, and ``QuantizationError/badSelector(expected:found:)`` for
  ///   shares outside 0...1 or another number of them.
  public func hardwareCost(
    on model: HardwareModel, batch: Int = 1, continuing: [Double]? = nil,
    bits: [[BitShares]?]? = nil
  ) throws -> NetworkCost {
    let continuing = continuing ?? shares
    guard continuing.count == levels.count - 1, continuing.allSatisfy({ (0...1).contains($0) })
    else {
      throw QuantizationError.badSelector(
        expected: "\(levels.count - 1) shares in 0...1 of images that continue",
        found: "\(continuing.prefix(9))")
    }
    if let bits, bits.count != levels.count {
      throw QuantizationError.bitsCount(
        what: "levels", expected: levels.count, found: bits.count)
    }
    var passes: [HardwarePass] = []
    var share = 1.0
    for (level, student) in levels.enumerated() {
      passes += try student.hardwarePasses(
        bits: bits?[level], passShares: nil, share: share, weightSet: level)
      if level < continuing.count { share *= continuing[level] }
    }
    return NetworkCost(passes, on: model, batch: batch)
  }
}
