import DynaDFQ

/// A layer from outside the package: each channel times a learned factor.
struct ScaleLayer: Layer {
  static let kind = "tests.scale"
  var startingFactor: Float

  func outputShape(of inputs: [Shape]) throws -> Shape {
    guard inputs.count == 1, inputs[0].rank >= 1 else {
      throw LayerError(expected: "one map or vector", found: "\(inputs)")
    }
    return inputs[0]
  }

  func parameters(of inputs: [Shape]) -> [LayerParameter] {
    [
      LayerParameter(
        "factor", .other, [inputs[0].dimensions.last!], initialValue: startingFactor)
    ]
  }
}
