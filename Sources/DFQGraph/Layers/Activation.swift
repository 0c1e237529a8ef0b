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

  /// The name in network files.
  public static let kind = "activation"

  /// Returns the input's shape.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    if case .leakyReLU(let slope) = self, !slope.isFinite {
      throw LayerError(expected: "a finite negative slope", found: "\(slope)")
    }
    return try inputs.one()
  }

  /// Activations are where values are quantized.
  public var quantizedOutput: OutputSign? {
    switch self {
    case .relu, .relu6: .nonNegative
    case .leakyReLU, .tanh: .signed
    }
  }

  /// The input's distribution within the activation's bounds.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    var result = inputs[0]
    (result.lowerBound, result.upperBound) =
      switch self {
      case .relu: (0, .infinity)
      case .relu6: (0, 6)
      case .leakyReLU: (-.infinity, .infinity)
      case .tanh: (-1, 1)
      }
    return result
  }
}

extension Layer where Self == Activation {
  /// An elementwise activation.
  public static func activation(_ activation: Activation) -> Activation { activation }
}
