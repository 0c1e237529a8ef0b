#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A function of one number and its derivative.
protocol ElementwiseFunction: Sendable {
  /// The function's value; NaN for NaN.
  func value(_ x: Float) -> Float
  /// The derivative at x.
  func slope(_ x: Float) -> Float
}

/// The hyperbolic tangent.
struct HyperbolicTangent: ElementwiseFunction {
  func value(_ x: Float) -> Float { tanhf(x) }
  func slope(_ x: Float) -> Float { 1 - tanhf(x) * tanhf(x) }
}

/// min(max(factor * x + offset, 0), 1).
struct HardSigmoid: ElementwiseFunction {
  let factor: Float
  let offset: Float

  func value(_ x: Float) -> Float {
    let y = factor * x + offset
    // Comparisons in this order keep a NaN, as those of `Clip` do.
    return y < 0 ? 0 : y > 1 ? 1 : y
  }
  func slope(_ x: Float) -> Float {
    let y = factor * x + offset
    return y > 0 && y < 1 ? factor : 0
  }
}

/// x * min(max(x / 6 + 1 / 2, 0), 1).
struct HardSwish: ElementwiseFunction {
  private static let gate = HardSigmoid(factor: 1 / 6, offset: 0.5)

  func value(_ x: Float) -> Float { x * HardSwish.gate.value(x) }
  func slope(_ x: Float) -> Float { x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5 }
}

/// x * Phi(x), Phi(x) = erfc(-x / sqrt(2)) / 2, which keeps its digits far below zero.
struct GELU: ElementwiseFunction {
  private static let rootHalf: Float = 0.707_106_77
  private static let peak: Float = 0.398_942_3

  private func share(_ x: Float) -> Float { 0.5 * erfcf(-x * GELU.rootHalf) }
  func value(_ x: Float) -> Float { x * share(x) }
  func slope(_ x: Float) -> Float { share(x) + x * GELU.peak * expf(-0.5 * x * x) }
}

/// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).
struct TanhGELU: ElementwiseFunction {
  private static let factor: Float = 0.797_884_6
  private static let cubic: Float = 0.044_715

  private func tanh(_ x: Float) -> Float {
    tanhf(TanhGELU.factor * (x + TanhGELU.cubic * x * x * x))
  }
  func value(_ x: Float) -> Float { 0.5 * x * (1 + tanh(x)) }
  func slope(_ x: Float) -> Float {
    let t = tanh(x)
    let inner = TanhGELU.factor * (1 + 3 * TanhGELU.cubic * x * x)
    // Where t is exactly 1, x may be too large for its square.
    let rest = 1 - t * t
    return 0.5 * (1 + t) + (rest == 0 ? 0 : 0.5 * x * rest * inner)
  }
}

/// min(max(x, minimum), maximum).
struct Clip: ElementwiseFunction {
  let minimum: Float
  let maximum: Float

  func value(_ x: Float) -> Float { x < minimum ? minimum : x > maximum ? maximum : x }
  func slope(_ x: Float) -> Float { x < minimum || x > maximum ? 0 : 1 }
}
