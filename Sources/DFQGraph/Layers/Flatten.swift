public import DFQTensor

/// A map H W C as a vector, in the order of memory.
public struct Flatten: Layer {
  /// The name in network files.
  public static let kind = "flatten"

  /// Creates a flattening.
  public init() {}

  /// Returns a vector of all elements.
  public func outputShape(of inputs: [Shape]) throws -> Shape { [try inputs.one().count] }

  /// True: elements are copied.
  public var passesCodesThrough: Bool { true }

  /// The input's distribution, repeated for each position.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments { inputs[0].reshaped(to: output.count) }
}

extension Layer where Self == Flatten {
  /// A map as a vector.
  public static var flatten: Flatten { Flatten() }
}
