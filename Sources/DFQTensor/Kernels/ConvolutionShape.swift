internal import CDFQKernels

/// The sizes of one image's convolution; padding below and on the right follows from the output
/// size.
package struct ConvolutionShape: Hashable, Sendable, BitwiseCopyable {
  package var inputHeight: Int
  package var inputWidth: Int
  package var inputChannels: Int
  package var outputHeight: Int
  package var outputWidth: Int
  package var outputChannels: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var strideHeight: Int
  package var strideWidth: Int
  package var padTop: Int
  package var padLeft: Int

  package init(
    inputHeight: Int, inputWidth: Int, inputChannels: Int, outputHeight: Int, outputWidth: Int,
    outputChannels: Int, kernelHeight: Int, kernelWidth: Int, strideHeight: Int, strideWidth: Int,
    padTop: Int, padLeft: Int
  ) {
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.inputChannels = inputChannels
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.outputChannels = outputChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.padTop = padTop
    self.padLeft = padLeft
  }

  /// The convolution that computes only some rows of the outputs, and the first row of the inputs
  /// that it reads.
  ///
  /// Every row must read some row of the inputs (`readsEverywhere`).
  package func rows(_ rows: Range<Int>) -> (shape: ConvolutionShape, firstInputRow: Int) {
    let top = rows.lowerBound * strideHeight - padTop
    let first = max(top, 0)
    var part = self
    part.outputHeight = rows.count
    part.padTop = first - top
    part.inputHeight = inputHeight - first
    return (part, first)
  }

  /// Whether every row of the outputs reads at least one row of the inputs, not only padding.
  package var readsEverywhere: Bool {
    padTop < kernelHeight && (outputHeight - 1) * strideHeight - padTop < inputHeight
  }

  /// The number of elements of the outputs.
  package var outputCount: Int { outputHeight * outputWidth * outputChannels }

  /// The multiply-accumulate operations of the dense convolution, including those with padding.
  package var macs: Int {
    outputHeight * outputWidth * outputChannels * kernelHeight * kernelWidth * inputChannels
  }

  /// Calls `body` with the C structure.
  func withKernelShape<Result>(_ body: (UnsafePointer<dfq_conv_shape>) -> Result) -> Result {
    var shape = dfq_conv_shape(
      in_height: Int32(inputHeight), in_width: Int32(inputWidth), in_channels: Int32(inputChannels),
      out_height: Int32(outputHeight), out_width: Int32(outputWidth),
      out_channels: Int32(outputChannels), kernel_height: Int32(kernelHeight),
      kernel_width: Int32(kernelWidth), stride_height: Int32(strideHeight),
      stride_width: Int32(strideWidth), pad_top: Int32(padTop), pad_left: Int32(padLeft))
    return withUnsafePointer(to: &shape, body)
  }
}
