public import DFQTensor

/// The mean of each window; positions in the padding are not counted.
public struct AveragePool: Layer {
  /// The name in network files.
  public static let kind = "averagePool"

  /// The window.
  public var window: PoolingWindow

  /// Creates a pooling by mean.
  public init(_ window: PoolingWindow) { self.window = window }

  /// Returns one position for each window.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    try window.outputShape(of: inputs)
  }

  /// The input's distribution.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments { inputs[0] }
}

extension Layer where Self == AveragePool {
  /// The mean of each window.
  public static func averagePool(_ window: PoolingWindow) -> AveragePool { AveragePool(window) }
}
