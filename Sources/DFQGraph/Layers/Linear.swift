public import DFQTensor

/// A fully connected layer with weights I O.
public struct Linear: Layer {
  /// The name in network files.
  public static let kind = "linear"

  /// The number of outputs.
  public var outputs: Int
  /// A Boolean value that indicates whether a bias is added.
  public var bias: Bool

  /// Creates a fully connected layer.
  public init(outputs: Int, bias: Bool) {
    self.outputs = outputs
    self.bias = bias
  }

  /// Returns a vector of the outputs for a vector.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let shape = try inputs.one()
    guard shape.rank == 1 else {
      throw LayerError(expected: "a vector", found: shape.description)
    }
    guard outputs > 0 else { throw LayerError(expected: "outputs above 0", found: "\(outputs)") }
    return [outputs]
  }

  /// The weights and, if there is one, the bias.
  public func parameters(of inputs: [Shape]) -> [LayerParameter] {
    [LayerParameter("weight", .weight, [inputs[0].count, outputs])]
      + (bias ? [LayerParameter("bias", .bias, [outputs])] : [])
  }

  /// One multiplication for each pair of an input and an output.
  public func macs(inputs: [Shape], output: Shape) -> Int { inputs[0].count * outputs }
}

extension Layer where Self == Linear {
  /// A fully connected layer.
  public static func linear(outputs: Int, bias: Bool) -> Linear {
    Linear(outputs: outputs, bias: bias)
  }
}
