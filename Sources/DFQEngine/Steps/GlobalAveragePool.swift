public import DFQGraph
public import DFQTensor

extension GlobalAveragePool: ExecutableLayer {
  /// Makes a step that averages all positions.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    GlobalAveragePoolStep(pixels: inputs[0][0] * inputs[0][1], channels: inputs[0][2])
  }
}

/// The mean over all positions.
struct GlobalAveragePoolStep: LayerStep {
  let pixels: Int
  let channels: Int
  var backwardReads: LayerValues { [] }

  func forward(_ values: LayerForward) {
    let (input, output) = (values.inputs[0], values.output)
    output.update(repeating: 0, count: channels)
    for pixel in 0..<pixels {
      let source = input + pixel * channels
      for c in 0..<channels { output[c] += source[c] }
    }
    let share = 1 / Float(pixels)
    for c in 0..<channels { output[c] *= share }
  }

  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let g = values.outputGradient
    let share = 1 / Float(pixels)
    for pixel in 0..<pixels {
      let target = inputGradient + pixel * channels
      for c in 0..<channels { target[c] += g[c] * share }
    }
  }
}
