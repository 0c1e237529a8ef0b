public import DFQTensor

/// The elementwise product of two values.
///
/// The second value has the first one's shape H W C or one factor for each channel, C or 1 1 C, as in
/// squeeze-and-excitation (Hu et al., 2018).
public struct Product: Layer {
  /// The name in network files.
  public static let kind = "product"

  /// Creates a product.
  public init() {}

  /// Returns the first input's shape.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard inputs.count == 2 else {
      throw LayerError(expected: "two inputs", found: "\(inputs.count)")
    }
    let (first, second) = (inputs[0], inputs[1])
    guard let channels = first.dimensions.last else {
      throw LayerError(expected: "channels", found: "\(first)")
    }
    guard second == first || second == [channels] || second == [1, 1, channels] else {
      throw LayerError(
        expected: "a second input of shape \(first), [\(channels)] or [1, 1, \(channels)]",
        found: "\(second)")
    }
    return first
  }

  /// Signed, unless both inputs are never negative: a product has values that neither input's grid
  /// holds.
  public var quantizedOutput: OutputSign? { .signed }

  /// Never negative where both inputs never are.
  public func outputSign(of inputs: [OutputSign]) -> OutputSign { inputs.common }

  /// The distribution of the product of two independent values.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    let (a, b) = (inputs[0], inputs[1])
    let corners = [a.lowerBound, a.upperBound].flatMap { x in
      [b.lowerBound, b.upperBound].map { ChannelMoments.bound(x, times: $0) }
    }
    return ChannelMoments(
      mean: zip(a.mean, b.mean).map { $0 * $1 },
      deviation: a.mean.indices.map { c in
        let (x, y) = (a.mean[c] * b.deviation[c], b.mean[c] * a.deviation[c])
        let both = a.deviation[c] * b.deviation[c]
        return (x * x + y * y + both * both).squareRoot()
      },
      lowerBound: corners.reduce(.infinity, min), upperBound: corners.reduce(-.infinity, max))
  }
}

extension Layer where Self == Product {
  /// The elementwise product of two values.
  public static var product: Product { Product() }
}
