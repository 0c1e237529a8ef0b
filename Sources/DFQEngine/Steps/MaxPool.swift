public import DFQGraph
public import DFQTensor

extension MaxPool: ExecutableLayer {
  /// Makes a step that takes the largest value of each window.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    MaxPoolStep(windows: window.shape(input: inputs[0], output: output))
  }
}

/// The largest value of each window; padding is not counted.
struct MaxPoolStep: LayerStep {
  let windows: ConvolutionShape
  var backwardReads: LayerValues { .inputs }
  var dividesRows: Bool { windows.readsEverywhere }

  func forward(_ values: LayerForward) {
    guard let rows = values.rows else {
      return values.kernels.maxPool(windows, input: values.inputs[0], output: values.output)
    }
    let part = windows.rows(rows)
    values.kernels.maxPool(
      part.shape,
      input: values.inputs[0]
        + part.firstInputRow * windows.inputWidth * windows.inputChannels,
      output: values.output
        + rows.lowerBound * windows.outputWidth * windows.outputChannels)
  }

  func backward(_ values: LayerBackward) {
    guard let inputGradient = values.inputGradients[0] else { return }
    values.kernels.maxPoolGradient(
      windows, input: values.inputs[0], outputGradient: values.outputGradient,
      inputGradient: inputGradient)
  }
}

extension PoolingWindow {
  /// The sizes of a pooling as those of a convolution.
  package func shape(input: Shape, output: Shape) -> ConvolutionShape {
    ConvolutionShape(
      inputHeight: input[0], inputWidth: input[1], inputChannels: input[2],
      outputHeight: output[0], outputWidth: output[1], outputChannels: input[2],
      kernelHeight: kernel.height, kernelWidth: kernel.width,
      strideHeight: stride.height, strideWidth: stride.width, padTop: padding.top,
      padLeft: padding.left)
  }
}
