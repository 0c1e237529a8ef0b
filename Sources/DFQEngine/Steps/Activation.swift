public import DFQGraph
public import DFQTensor

extension Activation: ExecutableLayer {
  /// Makes the step of an activation; the engine has built-in steps for ReLU, ReLU6 and leaky ReLU,
  /// which it fuses with what comes before them.
  ///
  /// - Throws: ``LayerError`` for these.
  public func makeStep(inputs: [Shape], output: Shape) throws -> any LayerStep {
    // The derivative of the hyperbolic tangent needs its value only.
    if self == .tanh { return TanhStep(count: output.count) }
    guard let function = elementFunction else {
      throw LayerError(expected: "an activation without a built-in step", found: "\(self)")
    }
    return ElementwiseStep(function: function, count: output.count)
  }

  /// The function that is computed element by element; nil for those that the engine fuses with what comes before them.
  package var elementFunction: ElementFunction? {
    switch self {
    case .relu, .relu6, .leakyReLU: nil
    case .tanh: .tanh
    case .sigmoid: .sigmoid
    case .hardSigmoid(let slope, let offset): .hardSigmoid(slope: slope, offset: offset)
    case .hardSwish: .hardSwish
    case .silu: .silu
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    case .clip(let minimum, let maximum): .clip(minimum: minimum, maximum: maximum)
    }
  }
}
