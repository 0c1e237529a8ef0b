public import DFQGraph
public import DFQTensor

extension ChannelSelection: ExecutableLayer {
  /// Makes a step that copies the chosen channels of each pixel.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    ChannelSelectionStep(
      pixels: output.pixelCount, channels: inputs[0].lastChannels, indices: indices)
  }
}

/// The chosen channels of each pixel.
struct ChannelSelectionStep: LayerStep {
  let pixels: Int
  /// The channels of the input.
  let channels: Int
  /// The input channel of each output channel.
  let indices: [Int]
  var backwardReads: LayerValues { [] }

  func forward(_ values: LayerForward) {
    let count = indices.count
    indices.withUnsafeBufferPointer { indices in
      for pixel in 0..<pixels {
        let x = values.inputs[0] + pixel * channels
        let y = values.output + pixel * count
        for c in 0..<count { y[c] = x[indices[c]] }
      }
    }
  }

  /// A channel that was taken several times gets the sum of the gradients.
  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    let count = indices.count
    indices.withUnsafeBufferPointer { indices in
      for pixel in 0..<pixels {
        let target = inputGradient + pixel * channels
        let g = values.outputGradient + pixel * count
        for c in 0..<count { target[indices[c]] += g[c] }
      }
    }
  }
}
