public import DFQTensor

/// x above zero, slope[c] * x below, with one learned slope for each channel (He et al., "Delving Deep
/// into Rectifiers", 2015).
public struct PReLU: Layer {
  /// The name in network files.
  public static let kind = "prelu"

  /// Creates an activation with a learned slope for each channel.
  public init() {}

  /// Returns the input's shape.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let shape = try inputs.one()
    guard shape.rank >= 1 else { throw LayerError(expected: "channels", found: "\(shape)") }
    return shape
  }

  /// The slopes C, which start at 0.25 as in the paper.
  ///
  /// They have the role ``ParameterLayout/Role/other``: a slope is no weight that is quantized, nor
  /// the scale of a normalization, and as in the paper it takes no weight decay.
  public func parameters(of inputs: [Shape]) -> [LayerParameter] {
    [LayerParameter("weight", .other, inputs.lastChannels, initialValue: 0.25)]
  }

  /// Signed: activations are where values are quantized.
  public var quantizedOutput: OutputSign? { .signed }

  /// The input's distribution without bounds.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    ChannelMoments(mean: inputs[0].mean, deviation: inputs[0].deviation)
  }
}

extension Layer where Self == PReLU {
  /// x above zero, a learned slope of each channel below.
  public static var prelu: PReLU { PReLU() }
}
