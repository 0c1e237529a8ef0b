public import DFQTensor

/// The largest value of each window.
public struct MaxPool: Layer {
  /// The name in network files.
  public static let kind = "maxPool"

  /// The window.
  public var window: PoolingWindow

  /// Creates a pooling by maximum.
  public init(_ window: PoolingWindow) { self.window = window }

  /// Returns one position for each window.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    try window.outputShape(of: inputs)
  }

  /// True: every output element is an input element.
  public var passesCodesThrough: Bool { true }

  /// The input's distribution.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments { inputs[0] }
}

extension Layer where Self == MaxPool {
  /// The largest value of each window.
  public static func maxPool(_ window: PoolingWindow) -> MaxPool { MaxPool(window) }
}
