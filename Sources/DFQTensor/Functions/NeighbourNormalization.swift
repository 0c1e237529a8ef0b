import Foundation

/// The division of each channel by a power of its neighbours' mean square: x[c] / (bias + alpha / size * sum of x[i]^2)^beta over the
/// `size` channels i around c, of which (size - 1) / 2, rounded down, come before it (Krizhevsky et al., 2012).
package struct NeighbourNormalization: Sendable, Equatable {
  package let size: Int
  package let alpha: Float
  package let beta: Float
  package let bias: Float

  package init(size: Int, alpha: Float, beta: Float, bias: Float) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  /// The channels in the sum for one of a number of channels.
  package func window(_ channel: Int, channels: Int) -> Range<Int> {
    let before = (size - 1) / 2
    return max(channel - before, 0)..<min(channel - before + size, channels)
  }

  /// bias + alpha / size * the sum of a channel's neighbours' squares.
  package func base(_ x: UnsafePointer<Float>, _ channel: Int, channels: Int) -> Float {
    // Windows are few channels: a running sum would lose digits and keep a NaN for good.
    var sum = 0.0
    for i in window(channel, channels: channels) { sum += Double(x[i]) * Double(x[i]) }
    return Float(Double(bias) + Double(alpha) / Double(size) * sum)
  }

  /// base^-beta.
  package func power(_ base: Float) -> Float {
    // The usual exponent, 3/4, in roots.
    guard beta == 0.75 else { return Foundation.powf(base, -beta) }
    let root = base.squareRoot()
    return 1 / (root * root.squareRoot())
  }

  /// Writes the divided channels of some pixels.
  package func apply(
    to x: UnsafePointer<Float>, pixels: Int, channels: Int, output: UnsafeMutablePointer<Float>
  ) {
    for pixel in 0..<pixels {
      let (x, y) = (x + pixel * channels, output + pixel * channels)
      for c in 0..<channels { y[c] = x[c] * power(base(x, c, channels: channels)) }
    }
  }
}
