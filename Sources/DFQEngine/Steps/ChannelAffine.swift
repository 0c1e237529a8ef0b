public import DFQGraph
public import DFQTensor

extension ChannelAffine: ExecutableLayer {
  /// Makes a step that scales and shifts each channel.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    ChannelAffineStep(pixels: output.pixelCount, channels: output.lastChannels)
  }
}

/// x * scale[c] + shift[c].
struct ChannelAffineStep: LayerStep {
  let pixels: Int
  let channels: Int
  var backwardReads: LayerValues { .inputs }

  func forward(_ values: LayerForward) {
    let (scale, shift) = (values.parameters, values.parameters + channels)
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let y = values.output + pixel * channels
      for c in 0..<channels { y[c] = x[c] * scale[c] + shift[c] }
    }
  }

  func backward(_ values: LayerBackward) {
    let scale = values.parameters
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let g = values.outputGradient + pixel * channels
      if let target = values.inputGradients[0].map({ $0 + pixel * channels }) {
        for c in 0..<channels { target[c] += g[c] * scale[c] }
      }
      if let scaleGradient = values.parameterGradient {
        let shiftGradient = scaleGradient + channels
        for c in 0..<channels {
          scaleGradient[c] += g[c] * x[c]
          shiftGradient[c] += g[c]
        }
      }
    }
  }
}
