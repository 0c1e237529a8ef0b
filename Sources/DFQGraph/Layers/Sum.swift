public import DFQTensor

/// The sum of two values of one shape.
public struct Sum: Layer {
  /// The name in network files.
  public static let kind = "sum"

  /// Creates a sum.
  public init() {}

  /// Returns the shape that both inputs have.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard inputs.count == 2 else {
      throw LayerError(expected: "two inputs", found: "\(inputs.count)")
    }
    guard inputs[0] == inputs[1] else {
      throw LayerError(
        expected: "two inputs of one shape", found: "\(inputs[0]) and \(inputs[1])")
    }
    return inputs[0]
  }

  /// Never negative where both inputs never are.
  public func outputSign(of inputs: [OutputSign]) -> OutputSign { inputs.common }

  /// The distribution of the sum of two independent values.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    ChannelMoments(
      mean: zip(inputs[0].mean, inputs[1].mean).map { $0 + $1 },
      deviation: zip(inputs[0].deviation, inputs[1].deviation).map {
        ($0 * $0 + $1 * $1).squareRoot()
      },
      lowerBound: inputs[0].lowerBound + inputs[1].lowerBound,
      upperBound: inputs[0].upperBound + inputs[1].upperBound)
  }
}

extension Layer where Self == Sum {
  /// The sum of two values of one shape.
  public static var sum: Sum { Sum() }
}
