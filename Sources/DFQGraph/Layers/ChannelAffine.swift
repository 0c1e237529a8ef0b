public import DFQTensor

/// y = x * scale[c] + shift[c], such as the layer scale of ConvNeXt (Liu et al., 2022) or a
/// normalization that a graph spells out.
///
/// Unlike a batch norm it has no statistics, and unlike a convolution no weights that are quantized.
public struct ChannelAffine: Layer {
  /// The name in network files.
  public static let kind = "channelAffine"

  /// Creates a scale and a shift for each channel.
  public init() {}

  /// Returns the input's shape.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let shape = try inputs.one()
    guard shape.rank >= 1 else { throw LayerError(expected: "channels", found: "\(shape)") }
    return shape
  }

  /// The scale C and the shift C, which start at 1 and 0.
  ///
  /// They have the roles of a normalization's, so that they learn without weight decay.
  public func parameters(of inputs: [Shape]) -> [LayerParameter] {
    [
      LayerParameter("weight", .normScale, inputs.lastChannels),
      LayerParameter("bias", .normShift, inputs.lastChannels),
    ]
  }

  /// The input's distribution, scaled and shifted.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    let input = inputs[0]
    let channels = input.mean.indices
    let scale = channels.map { c in values(.normScale).map { Double($0[c]) } ?? 1 }
    let shift = channels.map { c in values(.normShift).map { Double($0[c]) } ?? 0 }
    let ends = channels.flatMap { c in
      [input.lowerBound, input.upperBound].map {
        ChannelMoments.bound($0, times: scale[c]) + shift[c]
      }
    }
    return ChannelMoments(
      mean: channels.map { input.mean[$0] * scale[$0] + shift[$0] },
      deviation: channels.map { input.deviation[$0] * abs(scale[$0]) },
      lowerBound: ends.reduce(.infinity, min), upperBound: ends.reduce(-.infinity, max))
  }
}

extension Layer where Self == ChannelAffine {
  /// A scale and a shift for each channel.
  public static var channelAffine: ChannelAffine { ChannelAffine() }
}
