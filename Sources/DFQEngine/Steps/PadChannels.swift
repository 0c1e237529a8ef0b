public import DFQGraph
public import DFQTensor

extension PadChannels: ExecutableLayer {
  /// Makes a step that copies pixels between zero channels.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    PadChannelsStep(input: inputs[0], output: output, stride: stride, before: before)
  }
}

/// Keeps every `stride`-th pixel and pads its channels with zeros.
struct PadChannelsStep: LayerStep {
  let input: Shape
  let output: Shape
  let stride: Int
  let before: Int
  var backwardReads: LayerValues { [] }

  func forward(_ values: LayerForward) {
    let channels = input[2]
    values.output.update(repeating: 0, count: output.count)
    for y in 0..<output[0] {
      for x in 0..<output[1] {
        let source = values.inputs[0] + (y * stride * input[1] + x * stride) * channels
        let target = values.output + (y * output[1] + x) * output[2] + before
        target.update(from: source, count: channels)
      }
    }
  }

  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let channels = input[2]
    for y in 0..<output[0] {
      for x in 0..<output[1] {
        let target = inputGradient + (y * stride * input[1] + x * stride) * channels
        let source = values.outputGradient + (y * output[1] + x) * output[2] + before
        for c in 0..<channels { target[c] += source[c] }
      }
    }
  }
}
