import DFQGraph
package import DFQTensor

/// Runs one image's convolution on the backend of the context: direct kernels, or im2col and the
/// BLAS.
package struct ConvolutionRunner {
  package let context: ExecutionContext
  private var kernels: Kernels { context.kernels }

  package init(context: ExecutionContext) { self.context = context }

  /// Floats of scratch any backend needs for a convolution.
  package static func scratchCount(_ shape: ConvolutionShape, style: ConvolutionStep.Style) -> Int {
    let columns = shape.outputHeight * shape.outputWidth * shape.kernelHeight * shape.kernelWidth
    var count = InstructionSet.available.map { Kernels($0).convolutionScratchCount(shape) }.max()!
    if style != .depthwise { count = max(count, columns * shape.inputChannels) }
    if case .grouped = style {
      // One group's input and output, gathered, and room to add to.
      count += shape.inputHeight * shape.inputWidth * shape.inputChannels
      count += shape.outputHeight * shape.outputWidth * shape.outputChannels
      count += shape.kernelHeight * shape.kernelWidth * shape.inputChannels * shape.outputChannels
    }
    return aligned(count)
  }

  package func forward(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    guard context.backend == .blas else {
      return kernels.convolutionForward(
        shape, input: input, weight: weight, bias: bias, output: output, scratch: scratch)
    }
    let pixels = shape.outputHeight * shape.outputWidth
    let columns = columns(shape, of: input, scratch: scratch)
    BLAS.multiply(
      rows: pixels, columns: shape.outputChannels, inner: shape.window, a: columns, b: weight,
      c: output)
    guard let bias else { return }
    for pixel in 0..<pixels {
      kernels.axpy(
        1, x: bias, count: shape.outputChannels, y: output + pixel * shape.outputChannels)
    }
  }

  /// `weight` is KH KW I O, `transposedWeight` the same as KH KW O I.
  package func dataGradient(
    _ shape: ConvolutionShape, outputGradient: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    transposedWeight: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>,
    accumulate: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    guard context.backend == .blas else {
      return kernels.convolutionDataGradient(
        shape, outputGradient: outputGradient, transposedWeight: transposedWeight,
        inputGradient: inputGradient, accumulate: accumulate, scratch: scratch)
    }
    let inputCount = shape.inputHeight * shape.inputWidth * shape.inputChannels
    if !accumulate { inputGradient.update(repeating: 0, count: inputCount) }
    BLAS.multiply(
      transposeB: true, rows: shape.outputHeight * shape.outputWidth, columns: shape.window,
      inner: shape.outputChannels, a: outputGradient, b: weight, c: scratch)
    Kernels.col2im(shape, columns: scratch, inputGradient: inputGradient)
  }

  /// Adds to `weightGradient` and `biasGradient`.
  package func weightGradient(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>
  ) {
    guard context.backend == .blas else {
      return kernels.convolutionWeightGradient(
        shape, input: input, outputGradient: outputGradient, weightGradient: weightGradient,
        biasGradient: biasGradient, scratch: scratch)
    }
    let pixels = shape.outputHeight * shape.outputWidth
    let columns = columns(shape, of: input, scratch: scratch)
    BLAS.multiply(
      transposeA: true, rows: shape.window, columns: shape.outputChannels, inner: pixels,
      a: columns, b: outputGradient, beta: 1, c: weightGradient)
    guard let biasGradient else { return }
    for pixel in 0..<pixels {
      kernels.axpy(
        1, x: outputGradient + pixel * shape.outputChannels, count: shape.outputChannels,
        y: biasGradient)
    }
  }

  /// The image's columns: the image itself where the convolution is 1x1 with stride 1 and no
  /// padding.
  private func columns(
    _ shape: ConvolutionShape, of input: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let isPointwise =
      shape.kernelHeight == 1 && shape.kernelWidth == 1 && shape.strideHeight == 1
      && shape.strideWidth == 1 && shape.padTop == 0 && shape.padLeft == 0
      && shape.outputHeight == shape.inputHeight && shape.outputWidth == shape.inputWidth
    if isPointwise { return input }
    Kernels.im2col(shape, input: input, columns: scratch)
    return UnsafePointer(scratch)
  }
}

extension ConvolutionShape {
  /// Inputs of one output: KH * KW * I.
  var window: Int { kernelHeight * kernelWidth * inputChannels }
}
