public import DFQGraph
public import DFQTensor

extension LayerNorm: ExecutableLayer {
  /// Makes a step that normalizes each pixel.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    LayerNormStep(
      pixels: output.pixelCount,
      normalization: PixelNormalization(channels: output.lastChannels, epsilon: Double(epsilon)))
  }
}

/// Each pixel's channels with mean 0 and variance 1, then scaled and shifted.
struct LayerNormStep: LayerStep {
  let pixels: Int
  let normalization: PixelNormalization
  var channels: Int { normalization.channels }
  var backwardReads: LayerValues { .inputs }

  func forward(_ values: LayerForward) {
    normalization.apply(
      to: values.inputs[0], pixels: pixels, scale: values.parameters,
      shift: values.parameters + channels, output: values.output)
  }

  /// With z the normalized values and h = g * scale, the gradient at x is
  /// (h - mean(h) - z * mean(h * z)) / deviation.
  func backward(_ values: LayerBackward) {
    let scale = values.parameters
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let g = values.outputGradient + pixel * channels
      let (mean, inverse) = normalization.statistics(x)
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
