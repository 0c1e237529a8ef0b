public import DFQTensor

/// Normalization over the channels of each pixel, or of a vector (Ba et al., "Layer Normalization",
/// 2016).
///
/// y = (x - mean) / sqrt(variance + epsilon) * scale[c] + shift[c], with mean and variance of one
/// pixel's channels. It keeps no running statistics, so that it is no batch norm of the graph.
public struct LayerNorm: Layer {
  /// The name in network files.
  public static let kind = "layerNorm"

  /// What is added to the variance.
  public var epsilon: Float

  /// Creates a normalization over channels; the default is PyTorch's.
  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  /// Returns the input's shape.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let shape = try inputs.one()
    guard shape.rank >= 1 else { throw LayerError(expected: "channels", found: "\(shape)") }
    guard epsilon >= 0, epsilon.isFinite else {
      throw LayerError(expected: "an epsilon of at least 0", found: "\(epsilon)")
    }
    return shape
  }

  /// The learned scale C and shift C, which start at 1 and 0.
  public func parameters(of inputs: [Shape]) -> [LayerParameter] {
    [
      LayerParameter("weight", .normScale, inputs.lastChannels),
      LayerParameter("bias", .normShift, inputs.lastChannels),
    ]
  }

  /// Signed: the layers with weights behind it read quantized values.
  public var quantizedOutput: OutputSign? { .signed }

  /// A normal distribution with the shift as mean and the scale's magnitude as deviation.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    let channels = inputs[0].mean.indices
    let (scale, shift) = (values(.normScale), values(.normShift))
    return ChannelMoments(
      mean: channels.map { Double(shift?[$0] ?? 0) },
      deviation: channels.map { Double(abs(scale?[$0] ?? 1)) })
  }
}

extension Layer where Self == LayerNorm {
  /// Normalization over the channels of each pixel.
  public static func layerNorm(epsilon: Float = 1e-5) -> LayerNorm { LayerNorm(epsilon: epsilon) }
}
