public import DFQGraph
public import DFQTensor

extension PReLU: ExecutableLayer {
  /// Makes a step that multiplies what is below zero with its channel's slope.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    PReLUStep(channels: output.lastChannels, pixels: output.pixelCount)
  }
}

/// x above zero, slope[c] * x below.
struct PReLUStep: LayerStep {
  let channels: Int
  let pixels: Int
  var backwardReads: LayerValues { .inputs }

  func forward(_ values: LayerForward) {
    let slope = values.parameters
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let y = values.output + pixel * channels
      for c in 0..<channels { y[c] = x[c] < 0 ? slope[c] * x[c] : x[c] }
    }
  }

  func backward(_ values: LayerBackward) {
    let slope = values.parameters
    for pixel in 0..<pixels {
      let x = values.inputs[0] + pixel * channels
      let g = values.outputGradient + pixel * channels
      if let target = values.inputGradients[0].map({ $0 + pixel * channels }) {
        for c in 0..<channels { target[c] += x[c] < 0 ? slope[c] * g[c] : g[c] }
      }
      if let target = values.parameterGradient {
        for c in 0..<channels { target[c] += x[c] < 0 ? x[c] * g[c] : 0 }
      }
    }
  }
}

extension Shape {
  /// The channels C of a map H W C or a vector C.
  var lastChannels: Int { dimensions.last ?? 1 }
  /// The positions H W of a map H W C, 1 for a vector C.
  var pixelCount: Int { dimensions.dropLast().reduce(1, *) }
}
