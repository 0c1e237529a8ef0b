public import DFQGraph
public import DFQTensor

extension LocalResponseNormalization: ExecutableLayer {
  /// Makes a step that divides each pixel's channels.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    LocalResponseNormalizationStep(
      pixels: output.pixelCount, channels: output.lastChannels, normalization: normalization)
  }
}

/// Each channel of a pixel divided by a power of the mean square of its neighbours.
struct LocalResponseNormalizationStep: LayerStep {
  let pixels: Int
  let channels: Int
  let normalization: NeighbourNormalization
  var backwardReads: LayerValues { .inputs }
  /// The divisors' bases of a pixel, and what each channel adds to the gradients of its neighbours.
  var scratchCount: Int { 2 * channels }

  func forward(_ values: LayerForward) {
    normalization.apply(
      to: values.inputs[0], pixels: pixels, channels: channels, output: values.output)
  }

  /// With s the base of each channel, the gradient at x[j] is
  /// g[j] s[j]^-beta - 2 alpha beta / size * x[j] * sum of g[c] x[c] s[c]^(-beta - 1) over the channels c that have j in their window.
  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let (base, shares) = (values.scratch, values.scratch + channels)
    let size = normalization.size
    let factor = 2 * Double(normalization.alpha) * Double(normalization.beta) / Double(size)
    // A window turned around: j is in those of the channels with as many before it as theirs have behind them.
    let before = size - 1 - (size - 1) / 2
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let g = values.outputGradient + pixel * channels
      let target = inputGradient + pixel * channels
      for c in 0..<channels {
        base[c] = normalization.base(x, c, channels: channels)
        let own = g[c] * normalization.power(base[c])
        target[c] += own
        shares[c] = own * x[c] / base[c]
      }
      for j in 0..<channels {
        var sum = 0.0
        for c in max(j - before, 0)..<min(j - before + size, channels) {
          sum += Double(shares[c])
        }
        target[j] -= Float(factor * sum) * x[j]
      }
    }
  }
}
