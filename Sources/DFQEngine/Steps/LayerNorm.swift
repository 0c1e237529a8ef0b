public import DFQGraph
public import DFQTensor

extension LayerNorm: ExecutableLayer {
  /// Makes a step that normalizes each pixel.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    LayerNormStep(
      pixels: output.pixelCount, channels: output.lastChannels, epsilon: Double(epsilon))
  }
}

/// Each pixel's channels with mean 0 and variance 1, then scaled and shifted.
///
/// Sums over channels are in double precision: a mean far from zero would cost the variance its digits.
struct LayerNormStep: LayerStep {
  let pixels: Int
  let channels: Int
  let epsilon: Double
  var backwardReads: LayerValues { .inputs }

  /// The mean of a pixel's channels and the inverse of their deviation.
  private func statistics(_ x: UnsafePointer<Float>) -> (mean: Float, inverse: Float) {
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

  func forward(_ values: LayerForward) {
    let (scale, shift) = (values.parameters, values.parameters + channels)
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let y = values.output + pixel * channels
      let (mean, inverse) = statistics(x)
      for c in 0..<channels { y[c] = (x[c] - mean) * inverse * scale[c] + shift[c] }
    }
  }

  /// With z the normalized values and h = g * scale, the gradient at x is
  /// (h - mean(h) - z * mean(h * z)) / deviation.
  func backward(_ values: LayerBackward) {
    let scale = values.parameters
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let g = values.outputGradient + pixel * channels
      let (mean, inverse) = statistics(x)
      if let scaleGradient = values.parameterGradient {
        let shiftGradient = scaleGradient + channels
        for c in 0..<channels {
          scaleGradient[c] += g[c] * (x[c] - mean) * inverse
          shiftGradient[c] += g[c]
        }
      }
      guard let target = values.inputGradients[0].map({ $0 + pixel * channels }) else { continue }
      var (sum, product) = (0.0, 0.0)
      for c in 0..<channels {
        let h = Double(g[c] * scale[c])
        sum += h
        product += h * Double((x[c] - mean) * inverse)
      }
      let (offset, slope) = (Float(sum / Double(channels)), Float(product / Double(channels)))
      for c in 0..<channels {
        target[c] += (g[c] * scale[c] - offset - (x[c] - mean) * inverse * slope) * inverse
      }
    }
  }
}
