public import DFQTensor

/// Enlargement by a factor; each pixel is repeated.
public struct Upsample: Layer {
  /// The name in network files.
  public static let kind = "upsample"

  /// How often each row and column is repeated.
  public var factor: Int

  /// Creates an enlargement.
  public init(factor: Int) { self.factor = factor }

  /// Returns a map of the enlarged height and width.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let map = try inputs.map()
    guard (1...Window.limit).contains(factor) else {
      throw LayerError(expected: "a factor in 1...\(Window.limit)", found: "\(factor)")
    }
    return [map[0] * factor, map[1] * factor, map[2]]
  }

  /// True: every output element is an input element.
  public var passesCodesThrough: Bool { true }

  /// The input's distribution.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments { inputs[0] }
}

extension Layer where Self == Upsample {
  /// Enlargement by a factor.
  public static func upsample(factor: Int) -> Upsample { Upsample(factor: factor) }
}
