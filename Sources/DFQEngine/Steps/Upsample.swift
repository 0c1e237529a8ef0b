public import DFQGraph
public import DFQTensor

extension Upsample: ExecutableLayer {
  /// Makes a step that repeats pixels.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    UpsampleStep(input: inputs[0], factor: factor)
  }
}

/// Repeats every row and column `factor` times.
struct UpsampleStep: LayerStep {
  let input: Shape
  let factor: Int
  var backwardReads: LayerValues { [] }

  func forward(_ values: LayerForward) {
    let (height, width, channels) = (input[0] * factor, input[1] * factor, input[2])
    for y in 0..<height {
      for x in 0..<width {
        (values.output + (y * width + x) * channels).update(
          from: values.inputs[0] + (y / factor * input[1] + x / factor) * channels,
          count: channels)
      }
    }
  }

  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let (height, width, channels) = (input[0] * factor, input[1] * factor, input[2])
    for y in 0..<height {
      for x in 0..<width {
        let target = inputGradient + (y / factor * input[1] + x / factor) * channels
        let source = values.outputGradient + (y * width + x) * channels
        for c in 0..<channels { target[c] += source[c] }
      }
    }
  }
}
