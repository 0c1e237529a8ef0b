public import DFQEngine

/// One code for all widths: that of fewer bits is a shift of that of the most bits, as in DQT (Shalby
/// et al., "DQT: Dynamic Quantization Training via Dequantization-Free Nested Integer Arithmetic", AAAI
/// 2026).
///
/// With B the most bits of a layer and s its step, c_B = clamp(round(w / s)) and, for b < B and
/// k = B - b, c_b = min((c_B + 2^(k-1)) >> k, 2^(b-1) - 1) on the grid of step 2^k s. A layer whose weights take
/// the bits of its input (`Quantizer.weightsFollowActivations`) so needs one stored code for all of
/// them. With one width it is ``NearestRounding``.
///
/// Grids must be symmetric, because a zero point would have to be shifted, too.
public struct NestedRounding: WeightRounding {
  /// Its name in files.
  public static var kind: String { "nested" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "One code of most bits; with fewer bits it is shifted, so that one copy serves all widths.",
    cost: 1.5,
    reference: .init(
      "Shalby et al.",
      "DQT: Dynamic Quantization Training via Dequantization-Free Nested Integer Arithmetic",
      "AAAI", 2026),
    formula: "c_b = (c_B + 2^(B-b-1)) >> (B - b) on the step 2^(B-b) s", page: "DQT",
    notes: ["It needs weightsFollowActivations to have an effect, and symmetric weights."])

  /// Makes the way of rounding; it has no settings.
  public init() {}

  /// The grids of fewer bits are those of the most bits, coarser by powers of 2.
  public var nests: Bool { true }

  /// Replaces each weight by the value of its code.
  public func round(_ layer: RoundedLayer, values: UnsafeMutableBufferPointer<Float>) {
    layer.write(codes(layer), to: values)
  }

  /// The codes of the most bits, shifted.
  public func codes(_ layer: RoundedLayer) -> [Int32] {
    let shift = layer.shift
    let factor = Float(1 << shift)
    let finest = layer.grids.map { grid in
      // -2^(b-1)...2^(b-1)-1 becomes -2^(B-1)...2^(B-1)-1.
      var grid = grid
      grid.levelsPerUnit *= factor
      grid.lowest *= factor
      grid.highest = -grid.lowest - 1
      return grid
    }
    return layer.weights.indices.map { index in
      let slot = finest.count == 1 ? 0 : index % layer.channels
      return NestedRounding.shifted(
        Int32(finest[slot].code(layer.weights[index])), by: shift,
        highest: Int32(layer.grids[slot].highest))
    }
  }

  /// A code with `shift` fewer bits: half a step is added, and the sum shifted arithmetically.
  package static func shifted(_ code: Int32, by shift: Int, highest: Int32) -> Int32 {
    shift == 0 ? code : min((code + (1 << (shift - 1))) >> shift, highest)
  }

  /// Stops the gradient at clipped weights and returns the steps' gradients: those of
  /// ``NearestRounding`` with this rounding's codes.
  public func backward(
    _ layer: RoundedLayer, gradient: UnsafeMutableBufferPointer<Float>
  ) -> [Float] {
    layer.straightThrough(codes(layer), gradient: gradient)
  }
}
