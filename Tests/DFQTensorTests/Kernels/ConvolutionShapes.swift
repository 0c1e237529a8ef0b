internal import DFQTensor

/// Random shapes that reach every path: strides, asymmetric padding, narrow and odd channel counts,
/// bands.
struct ConvolutionShapes {
  var random: RandomStream

  private mutating func pick(_ values: [Int]) -> Int { values[random.integer(below: values.count)] }

  /// Output rows or columns, and the padding before, of one dimension; nil where nothing would come
  /// out.
  private mutating func dimension(_ input: Int, kernel: Int, stride: Int) -> (Int, Int)? {
    let before = random.integer(below: kernel)
    let room = input + before + random.integer(below: kernel) - kernel
    return room >= 0 ? (room / stride + 1, before) : nil
  }

  /// One image; a depthwise one has as many outputs as inputs.
  mutating func next(depthwise: Bool) -> ConvolutionShape {
    while true {
      let channels = pick([1, 2, 3, 4, 8, 16, 17, 24, 32, 48, 64, 1 + random.integer(below: 70)])
      let outputs = pick([1, 3, 8, 16, 24, 32, 48, 64, 1 + random.integer(below: 70)])
      let kernel = pick([1, 1, 3, 3, 3, 5, 7])
      let stride = pick([1, 1, 2])
      let wide = random.integer(below: 4) == 0
      let height = 1 + random.integer(below: 16)
      let width = 1 + random.integer(below: wide ? 60 : 16)
      let kernelWidth = random.integer(below: 4) == 0 ? pick([1, 2, 3]) : kernel
      let strideWidth = random.integer(below: 4) == 0 ? pick([1, 2, 3]) : stride
      guard let (outputHeight, top) = dimension(height, kernel: kernel, stride: stride),
        let (outputWidth, left) = dimension(width, kernel: kernelWidth, stride: strideWidth)
      else { continue }
      return ConvolutionShape(
        inputHeight: height, inputWidth: width, inputChannels: channels,
        outputHeight: outputHeight, outputWidth: outputWidth,
        outputChannels: depthwise ? channels : outputs, kernelHeight: kernel,
        kernelWidth: kernelWidth, strideHeight: stride, strideWidth: strideWidth, padTop: top,
        padLeft: left)
    }
  }

  /// An image too large for one band of scratch.
  static let large = ConvolutionShape(
    inputHeight: 70, inputWidth: 75, inputChannels: 40, outputHeight: 35, outputWidth: 38,
    outputChannels: 20, kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padTop: 1,
    padLeft: 1)
}

extension ConvolutionShape {
  var inputCount: Int { inputHeight * inputWidth * inputChannels }
  var taps: Int { kernelHeight * kernelWidth }
}
