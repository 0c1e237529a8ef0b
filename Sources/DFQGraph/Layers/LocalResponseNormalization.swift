public import DFQTensor
import Foundation

/// Normalization by the neighbouring channels of each pixel (Krizhevsky et al., "ImageNet Classification with Deep Convolutional
/// Neural Networks", 2012), as ONNX and PyTorch define it.
///
/// y[c] = x[c] / (bias + alpha / size * sum of x[i]^2)^beta, where i runs over the `size` channels around c, of which (size - 1) / 2,
/// rounded down, come before it. Channels beyond the first and the last one count as 0.
public struct LocalResponseNormalization: Layer {
  /// The name in network files.
  public static let kind = "localResponseNormalization"

  /// The number of channels that are summed over.
  public var size: Int
  /// The factor of the mean square.
  public var alpha: Float
  /// The exponent of the divisor.
  public var beta: Float
  /// What is added to the mean square, so that nothing is divided by 0.
  public var bias: Float

  /// Creates a normalization; the defaults are those of ONNX.
  public init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  /// The arithmetic.
  package var normalization: NeighbourNormalization {
    NeighbourNormalization(size: size, alpha: alpha, beta: beta, bias: bias)
  }

  /// Returns the input's shape.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let shape = try inputs.one()
    guard shape.rank >= 1 else { throw LayerError(expected: "channels", found: "\(shape)") }
    guard (1...Window.limit).contains(size) else {
      throw LayerError(expected: "a size in 1...\(Window.limit)", found: "\(size)")
    }
    guard alpha >= 0, beta >= 0, bias > 0, alpha.isFinite, beta.isFinite, bias.isFinite else {
      throw LayerError(
        expected: "an alpha and beta of at least 0 and a bias above 0",
        found: "\(alpha), \(beta) and \(bias)")
    }
    return shape
  }

  /// Signed, unless the input is never negative: a quotient has values that the input's grid doesn't hold.
  public var quantizedOutput: OutputSign? { .signed }

  /// The input's sign.
  public func outputSign(of inputs: [OutputSign]) -> OutputSign { inputs.common }

  /// The input's distribution divided by the divisor of its mean squares, within the input's bounds divided by the smallest divisor.
  public func moments(
    of inputs: [ChannelMoments], output: Shape,
    values: (ParameterLayout.Role) -> [Float]?
  ) -> ChannelMoments {
    let input = inputs[0]
    let squares = zip(input.mean, input.deviation).map { $0 * $0 + $1 * $1 }
    let factors = factors(meanSquares: squares)
    let largest = pow(Double(bias), -Double(beta))
    return ChannelMoments(
      mean: zip(input.mean, factors).map { $0 * $1 },
      deviation: zip(input.deviation, factors).map { $0 * $1 },
      lowerBound: min(ChannelMoments.bound(input.lowerBound, times: largest), 0),
      upperBound: max(ChannelMoments.bound(input.upperBound, times: largest), 0))
  }

  /// What each channel is multiplied with where the squares of all channels are their means.
  package func factors(meanSquares: [Double]) -> [Double] {
    meanSquares.indices.map { channel in
      let sum = meanSquares[normalization.window(channel, channels: meanSquares.count)].reduce(0, +)
      return pow(Double(bias) + Double(alpha) / Double(size) * sum, -Double(beta))
    }
  }
}

extension Layer where Self == LocalResponseNormalization {
  /// Normalization by the neighbouring channels of each pixel.
  public static func localResponseNormalization(
    size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1
  ) -> LocalResponseNormalization {
    LocalResponseNormalization(size: size, alpha: alpha, beta: beta, bias: bias)
  }
}
