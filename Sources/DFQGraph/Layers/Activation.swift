public import DFQTensor

/// An elementwise activation.
public enum Activation: Layer {
  /// max(x, 0).
  case relu
  /// min(max(x, 0), 6).
  case relu6
  /// x above zero, negativeSlope * x below.
  case leakyReLU(negativeSlope: Float)
  /// The hyperbolic tangent.
  case tanh
  /// 1 / (1 + e^-x).
  case sigmoid
  /// min(max(slope * x + offset, 0), 1).
  case hardSigmoid(slope: Float, offset: Float)
  /// x * min(max(x / 6 + 1 / 2, 0), 1) (Howard et al., "Searching for MobileNetV3", 2019, section
  /// 5.2).
  case hardSwish
  /// x / (1 + e^-x), which is also called swish.
  case silu
  /// x * Phi(x) with the standard normal distribution Phi (Hendrycks and Gimpel, "Gaussian Error
  /// Linear Units", 2016).
  case gelu
  /// x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), the approximation of ``gelu`` in the same
  /// paper.
  case geluTanh
  /// min(max(x, minimum), maximum); a bound may be infinite.
  case clip(minimum: Float, maximum: Float)

  /// The name in network files.
  public static let kind = "activation"

  /// Returns the input's shape.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    switch self {
    case .leakyReLU(let slope):
      guard slope.isFinite else {
        throw LayerError(expected: "a finite negative slope", found: "\(slope)")
      }
    case .hardSigmoid(let slope, let offset):
      guard slope.isFinite, offset.isFinite else {
        throw LayerError(expected: "a finite slope and offset", found: "\(slope) and \(offset)")
      }
    case .clip(let minimum, let maximum):
      guard minimum <= maximum, minimum < .infinity, maximum > -.infinity else {
        throw LayerError(
          expected: "a minimum of at most the maximum, and a finite number between them",
          found: "\(minimum) and \(maximum)")
      }
    case .relu, .relu6, .tanh, .sigmoid, .hardSwish, .silu, .gelu, .geluTanh: break
    }
    return try inputs.one()
  }

  /// Activations are where values are quantized.
  public var quantizedOutput: OutputSign? {
    switch self {
    case .relu, .relu6, .sigmoid, .hardSigmoid: .nonNegative
    case .leakyReLU, .tanh, .hardSwish, .silu, .gelu, .geluTanh: .signed
    case .clip(let minimum, _): minimum >= 0 ? .nonNegative : .signed
    }
  }
}

extension Layer where Self == Activation {
  /// An elementwise activation.
  public static func activation(_ activation: Activation) -> Activation { activation }
}
