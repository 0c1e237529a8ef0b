extension IntegerNetwork {
  /// What follows the exact sums of a layer's products of integers.
  public enum Arithmetic: String, Sendable, Codable, CaseIterable {
    /// Two multiply-adds, the residual, the activation and the rounding in Float32: the bits of the
    /// executor that trained the student.
    case float
    /// A multiplication by 32-bit constants, an addition and a shift in 64 bits, as hardware without
    /// floating point does it.
    ///
    /// There is no floating point between the image's codes and the logits' integers. Codes may
    /// differ from those of ``float`` by one level where a value lies next to a tie. Networks must be
    /// fully quantized and take no decision inside of a pass; others are refused with
    /// ``RuntimeError/unsupported(layer:what:)``. `Documentation/Numerics.md` defines every operation.
    case fixedPoint
  }
}
