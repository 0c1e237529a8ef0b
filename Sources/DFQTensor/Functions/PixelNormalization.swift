/// The normalization of each pixel's channels to mean 0 and variance 1, then a scale and a shift for each channel (Ba et al., "Layer
/// Normalization", 2016).
///
/// Sums over channels are in double precision: a mean far from zero would cost the variance its digits.
package struct PixelNormalization: Sendable {
  package let channels: Int
  /// What is added to the variance.
  package let epsilon: Double

  package init(channels: Int, epsilon: Double) {
    self.channels = channels
    self.epsilon = epsilon
  }

  /// The mean of a pixel's channels and the inverse of their deviation.
  package func statistics(_ x: UnsafePointer<Float>) -> (mean: Float, inverse: Float) {
    var sum = 0.0
    for c in 0..<channels { sum += Double(x[c]) }
    let mean = sum / Double(channels)
    var squares = 0.0
    for c in 0..<channels {
      let difference = Double(x[c]) - mean
      squares += difference * difference
    }
    return (Float(mean), Float(1 / (squares / Double(channels) + epsilon).squareRoot()))
  }

  /// Writes the normalized pixels.
  package func apply(
    to x: UnsafePointer<Float>, pixels: Int, scale: UnsafePointer<Float>,
    shift: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    for pixel in 0..<pixels {
      let (x, y) = (x + pixel * channels, output + pixel * channels)
      let (mean, inverse) = statistics(x)
      for c in 0..<channels { y[c] = (x[c] - mean) * inverse * scale[c] + shift[c] }
    }
  }
}
