import DFQTensor

extension ImagePass {
  /// A convolution of several groups: each is gathered, computed and scattered, as the training executor does it.
  func convolveGroups(
    _ convolution: FloatConvolution, input: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let shape = convolution.shape
    let (inputs, outputs, groups) = (shape.inputChannels, shape.outputChannels, convolution.groups)
    let inputPixels = shape.inputHeight * shape.inputWidth
    let outputPixels = shape.outputHeight * shape.outputWidth
    let size = shape.kernelHeight * shape.kernelWidth * inputs * outputs
    let gathered = scratch
    let result = gathered + (inputPixels * inputs + 15) / 16 * 16
    let kernel = result + (outputPixels * outputs + 15) / 16 * 16
    for group in 0..<groups {
      for pixel in 0..<inputPixels {
        (gathered + pixel * inputs).update(
          from: input + (pixel * groups + group) * inputs, count: inputs)
      }
      kernels.convolutionForward(
        shape, input: gathered, weight: weights + group * size,
        bias: convolution.bias.map { $0 + group * outputs }, output: result, scratch: kernel)
      for pixel in 0..<outputPixels {
        (output + (pixel * groups + group) * outputs).update(
          from: result + pixel * outputs, count: outputs)
      }
    }
  }
}
