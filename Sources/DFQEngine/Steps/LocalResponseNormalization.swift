public import DFQGraph
public import DFQTensor
import Foundation

extension LocalResponseNormalization: ExecutableLayer {
  /// Makes a step that divides each pixel's channels.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    LocalResponseNormalizationStep(
      pixels: output.pixelCount, channels: output.lastChannels, layer: self)
  }
}

/// Each channel of a pixel divided by a power of the mean square of its neighbours.
struct LocalResponseNormalizationStep: LayerStep {
  let pixels: Int
  let channels: Int
  let layer: LocalResponseNormalization
  var backwardReads: LayerValues { .inputs }
  /// The divisors' bases of a pixel, and what each channel adds to the gradients of its neighbours.
  var scratchCount: Int { 2 * channels }

  /// bias + alpha / size * the sum of a channel's neighbours' squares, of each channel.
  private func bases(_ x: UnsafePointer<Float>, _ bases: UnsafeMutablePointer<Float>) {
    let factor = Double(layer.alpha) / Double(layer.size)
    for c in 0..<channels {
      // Windows are few channels: a running sum would lose digits and keep a NaN for good.
      var sum = 0.0
      for i in layer.window(c, channels: channels) { sum += Double(x[i]) * Double(x[i]) }
      bases[c] = Float(Double(layer.bias) + factor * sum)
    }
  }

  /// base^-beta.
  private func power(_ base: Float) -> Float {
    // The usual exponent, 3/4, in roots.
    guard layer.beta == 0.75 else { return Foundation.powf(base, -layer.beta) }
    let root = base.squareRoot()
    return 1 / (root * root.squareRoot())
  }

  func forward(_ values: LayerForward) {
    let base = values.scratch
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let y = values.output + pixel * channels
      bases(x, base)
      for c in 0..<channels { y[c] = x[c] * power(base[c]) }
    }
  }

  /// With s the base of each channel, the gradient at x[j] is
  /// g[j] s[j]^-beta - 2 alpha beta / size * x[j] * sum of g[c] x[c] s[c]^(-beta - 1) over the channels c that have j in their window.
  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let (base, shares) = (values.scratch, values.scratch + channels)
    let factor = 2 * Double(layer.alpha) * Double(layer.beta) / Double(layer.size)
    // A window turned around: j is in those of the channels with as many before it as theirs have behind them.
    let before = layer.size - 1 - (layer.size - 1) / 2
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let g = values.outputGradient + pixel * channels
      let target = inputGradient + pixel * channels
      bases(x, base)
      for c in 0..<channels {
        let own = g[c] * power(base[c])
        target[c] += own
        shares[c] = own * x[c] / base[c]
      }
      for j in 0..<channels {
        var sum = 0.0
        for c in max(j - before, 0)..<min(j - before + layer.size, channels) {
          sum += Double(shares[c])
        }
        target[j] -= Float(factor * sum) * x[j]
      }
    }
  }
}
