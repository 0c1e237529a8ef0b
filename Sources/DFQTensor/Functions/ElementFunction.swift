/// A function of one number that is computed element by element.
///
/// The training executor and the integer runtime both compute activations with it, so that they round alike.
package enum ElementFunction: Sendable, Equatable {
  /// The hyperbolic tangent.
  case tanh
  /// 1 / (1 + e^-x).
  case sigmoid
  /// min(max(slope * x + offset, 0), 1).
  case hardSigmoid(slope: Float, offset: Float)
  /// x * min(max(x / 6 + 1 / 2, 0), 1).
  case hardSwish
  /// x / (1 + e^-x).
  case silu
  /// x * Phi(x) with the standard normal distribution Phi.
  case gelu
  /// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))).
  case geluTanh
  /// min(max(x, minimum), maximum).
  case clip(minimum: Float, maximum: Float)

  /// Writes the function of `count` numbers, NaN for NaN; `output` may be `x`.
  package func apply(
    to x: UnsafePointer<Float>, count: Int, output: UnsafeMutablePointer<Float>,
    kernels: Kernels
  ) {
    func each(_ value: (Float) -> Float) {
      for index in 0..<count { output[index] = value(x[index]) }
    }
    switch self {
    case .tanh: each(HyperbolicTangent().value)
    case .sigmoid: kernels.logistic(x, count: count, multiplies: false, output: output)
    case .hardSigmoid(let slope, let offset):
      each(HardSigmoid(factor: slope, offset: offset).value)
    case .hardSwish: each(HardSwish().value)
    case .silu: kernels.logistic(x, count: count, multiplies: true, output: output)
    case .gelu: each(GELU().value)
    case .geluTanh: each(TanhGELU().value)
    case .clip(let minimum, let maximum): each(Clip(minimum: minimum, maximum: maximum).value)
    }
  }

  /// Multiplies gradients at the function's output with its derivative at `x`.
  package func multiplySlopes(
    at x: UnsafePointer<Float>, count: Int, gradient: UnsafeMutablePointer<Float>,
    kernels: Kernels
  ) {
    func each(_ slope: (Float) -> Float) {
      for index in 0..<count { gradient[index] *= slope(x[index]) }
    }
    switch self {
    case .tanh: each(HyperbolicTangent().slope)
    case .sigmoid:
      kernels.logisticSlopes(at: x, count: count, multiplies: false, gradient: gradient)
    case .hardSigmoid(let slope, let offset):
      each(HardSigmoid(factor: slope, offset: offset).slope)
    case .hardSwish: each(HardSwish().slope)
    case .silu:
      kernels.logisticSlopes(at: x, count: count, multiplies: true, gradient: gradient)
    case .gelu: each(GELU().slope)
    case .geluTanh: each(TanhGELU().slope)
    case .clip(let minimum, let maximum): each(Clip(minimum: minimum, maximum: maximum).slope)
    }
  }
}
