/// The weights of a convolution or a linear layer.
package enum Weights: Sendable, Equatable {
  /// Codes: one version, or one for each candidate of the input's point.
  case codes([CodedWeights])
  /// Weights that stay in floating point.
  case floats([Float])

  /// The number of weights, all versions counted.
  var storedCount: Int {
    switch self {
    case .codes(let banks): banks.reduce(0) { $0 + $1.codes.count }
    case .floats(let values): values.count
    }
  }
}

/// Weights on uniform grids: w = (code + zero) / levels, with one grid for each output channel or one
/// in all.
package struct CodedWeights: Sendable, Equatable {
  /// 2...8.
  package let bits: Int
  /// -2^(bits-1)...2^(bits-1)-1, outputs innermost.
  package let codes: [Int8]
  /// The levels per unit.
  package let levels: [Float]
  /// Whole numbers; one 0 where all are 0.
  package let zeros: [Float]

  package init(bits: Int, codes: [Int8], levels: [Float], zeros: [Float]) {
    self.bits = bits
    self.codes = codes
    self.levels = levels
    self.zeros = zeros.allSatisfy { $0 == 0 } ? [0] : zeros
  }

  /// The codes with their zeros, as integer kernels multiply them; nil where one does not fit a byte.
  package func integers(channels: Int) -> [Int8]? {
    guard zeros.contains(where: { $0 != 0 }) else { return codes }
    var result = codes
    for index in codes.indices {
      let whole = Float(codes[index]) + zeros[zeros.count == 1 ? 0 : index % channels]
      guard let integer = Int8(exactly: whole) else { return nil }
      result[index] = integer
    }
    return result
  }

  /// The numbers that the codes stand for.
  package func values(channels: Int) -> [Float] {
    codes.indices.map { index in
      let channel = levels.count == 1 ? 0 : index % channels
      return (Float(codes[index]) + zeros[zeros.count == 1 ? 0 : channel]) / levels[channel]
    }
  }
}
