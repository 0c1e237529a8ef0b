public import DFQGraph
public import DFQTensor

extension Activation: ExecutableLayer {
  /// Makes the step of an activation; the engine has built-in steps for ReLU, ReLU6 and leaky ReLU,
  /// which it fuses with what comes before them.
  ///
  /// - Throws: ``LayerError`` for these.
  public func makeStep(inputs: [Shape], output: Shape) throws -> any LayerStep {
    let count = output.count
    return switch self {
    case .tanh: TanhStep(count: count)
    case .sigmoid: ElementwiseStep(function: Sigmoid(), count: count)
    case .hardSigmoid(let slope, let offset):
      ElementwiseStep(function: HardSigmoid(factor: slope, offset: offset), count: count)
    case .hardSwish: ElementwiseStep(function: HardSwish(), count: count)
    case .silu: ElementwiseStep(function: SiLU(), count: count)
    case .gelu: ElementwiseStep(function: GELU(), count: count)
    case .geluTanh: ElementwiseStep(function: TanhGELU(), count: count)
    case .clip(let minimum, let maximum):
      ElementwiseStep(function: Clip(minimum: minimum, maximum: maximum), count: count)
    case .relu, .relu6, .leakyReLU:
      throw LayerError(expected: "an activation without a built-in step", found: "\(self)")
    }
  }
}
