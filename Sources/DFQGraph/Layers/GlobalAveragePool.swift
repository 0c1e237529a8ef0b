public import DFQTensor

/// The mean over all positions: H W C to C.
public struct GlobalAveragePool: Layer {
  /// The name in network files.
  public static let kind = "globalAveragePool"

  /// Creates a mean over all positions.
  public init() {}

  /// Returns a vector with one element per channel.
  public func outputShape(of inputs: [Shape]) throws -> Shape { [try inputs.map()[2]] }

  /// Never negative where the input never is.
  public func outputSign(of inputs: [OutputSign]) -> OutputSign { inputs.common }

  /// The input's distribution.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments { inputs[0] }
}

extension Layer where Self == GlobalAveragePool {
  /// The mean over all positions.
  public static var globalAveragePool: GlobalAveragePool { GlobalAveragePool() }
}
