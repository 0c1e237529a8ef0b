public import DFQTensor

/// Rows and columns of a constant around a map H W C.
public struct PadMap: Layer {
  /// The name in network files.
  public static let kind = "padMap"

  /// The rows and columns on each side.
  public var padding: Padding
  /// What they hold.
  public var value: Float

  /// Creates rows and columns of a constant around a map.
  public init(_ padding: Padding, value: Float = 0) {
    self.padding = padding
    self.value = value
  }

  /// Returns the enlarged map.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let map = try inputs.map()
    guard padding.isWithin(0...Window.limit), value.isFinite else {
      throw LayerError(
        expected: "padding in 0...\(Window.limit) and a finite value",
        found: "\(padding) and \(value)")
    }
    return [
      padding.top + map[0] + padding.bottom, padding.left + map[1] + padding.right, map[2],
    ]
  }

  /// Whether the constant is zero, which is a code of every grid.
  public var passesCodesThrough: Bool { value == 0 }

  /// The input's distribution, with bounds that include the constant.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    guard padding != Padding(0) else { return inputs[0] }
    var result = inputs[0]
    result.lowerBound = min(result.lowerBound, Double(value))
    result.upperBound = max(result.upperBound, Double(value))
    return result
  }
}

extension Layer where Self == PadMap {
  /// Rows and columns of a constant around a map.
  public static func padMap(_ padding: Padding, value: Float = 0) -> PadMap {
    PadMap(padding, value: value)
  }
}
