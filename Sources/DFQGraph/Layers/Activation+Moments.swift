public import DFQTensor
import Foundation

extension Activation {
  /// The input's distribution within the activation's bounds.
  ///
  /// Where the output is another number than the input for nearly all inputs, the distribution is moved
  /// with it, so that mean +- n * deviation still covers what inputs within n deviations become.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    var result = inputs[0]
    (result.lowerBound, result.upperBound) = bounds
    switch self {
    case .sigmoid:
      // The slope is at most 1/4.
      result.mean = result.mean.map { 1 / (1 + exp(-$0)) }
      result.deviation = result.deviation.map { $0 / 4 }
    case .hardSigmoid(let slope, let offset):
      result.mean = result.mean.map { min(max(Double(slope) * $0 + Double(offset), 0), 1) }
      result.deviation = result.deviation.map { abs(Double(slope)) * $0 }
    case .clip(let minimum, let maximum):
      result.mean = result.mean.map { min(max($0, Double(minimum)), Double(maximum)) }
    case .relu, .relu6, .leakyReLU, .tanh, .hardSwish, .silu, .gelu, .geluTanh: break
    }
    return result
  }

  /// The bounds of the output; the smooth activations' minima are rounded away from zero.
  private var bounds: (lower: Double, upper: Double) {
    switch self {
    case .relu: (0, .infinity)
    case .relu6: (0, 6)
    case .leakyReLU: (-.infinity, .infinity)
    case .tanh: (-1, 1)
    case .sigmoid, .hardSigmoid: (0, 1)
    // At x = -3/2.
    case .hardSwish: (-0.375, .infinity)
    // At x = -1.27846.
    case .silu: (-0.278_465, .infinity)
    // At x = -0.75179 and -0.75246.
    case .gelu: (-0.169_972, .infinity)
    case .geluTanh: (-0.170_041, .infinity)
    case .clip(let minimum, let maximum): (Double(minimum), Double(maximum))
    }
  }
}
