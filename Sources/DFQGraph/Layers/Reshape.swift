public import DFQTensor

/// The same elements in another shape, such as a vector as a map H W C.
public struct Reshape: Layer {
  /// The name in network files.
  public static let kind = "reshape"

  /// The output's shape.
  public var shape: Shape

  /// Creates a change of shape.
  public init(_ shape: Shape) { self.shape = shape }

  /// Returns the layer's shape where the input has as many elements.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = try inputs.one()
    guard shape.rank >= 1, shape.count == input.count else {
      throw LayerError(expected: "\(shape.count) elements", found: input.description)
    }
    return shape
  }

  /// True: elements are copied.
  public var passesCodesThrough: Bool { true }

  /// The distribution of the input's elements in their new channels.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments { inputs[0].reshaped(to: output.dimensions.last!) }
}

extension Layer where Self == Reshape {
  /// The same elements in another shape.
  public static func reshape(_ shape: Shape) -> Reshape { Reshape(shape) }
}
