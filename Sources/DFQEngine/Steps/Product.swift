public import DFQGraph
public import DFQTensor

extension Product: ExecutableLayer {
  /// Makes a step that multiplies element by element, or each channel with its factor.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    inputs[0] == inputs[1]
      ? ProductStep(pixels: 1, channels: output.count)
      : ProductStep(pixels: output.pixelCount, channels: output.lastChannels)
  }
}

/// Each pixel of the first input times the second input, which has one pixel.
///
/// A product of two maps of one shape is that of one pixel of all their elements.
struct ProductStep: LayerStep {
  let pixels: Int
  let channels: Int
  var backwardReads: LayerValues { .inputs }

  func forward(_ values: LayerForward) {
    let factor = values.inputs[1]
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let y = values.output + pixel * channels
      for c in 0..<channels { y[c] = x[c] * factor[c] }
    }
  }

  func backward(_ values: LayerBackward) {
    let factor = values.inputs[1]
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let g = values.outputGradient + pixel * channels
      if let target = values.inputGradients[0].map({ $0 + pixel * channels }) {
        for c in 0..<channels { target[c] += g[c] * factor[c] }
      }
      if let target = values.inputGradients[1] {
        for c in 0..<channels { target[c] += g[c] * x[c] }
      }
    }
  }
}
