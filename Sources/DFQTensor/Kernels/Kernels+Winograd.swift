internal import CDFQKernels

/// Winograd's F(tile x tile, 3x3): 3x3 convolutions of stride 1, several images at a time, with a
/// quarter (tile 4) or less than half (tile 2) of the multiplications.
///
/// Consecutive images are `step` floats apart. `tile` is 2 or 4.
extension Kernels {
  /// Whether this instruction set has these kernels.
  package var hasWinograd: Bool { table.winograd_convolve != nil }

  /// The size of a convolution's transformed weights, in floats.
  package func winogradWeightCount(tile: Int, inputChannels: Int, outputChannels: Int) -> Int {
    table.winograd_weight_floats(Int32(tile), Int32(inputChannels), Int32(outputChannels))
  }

  /// The size of the scratch memory for `images` images of a shape, in floats.
  package func winogradScratchCount(tile: Int, _ shape: ConvolutionShape, images: Int) -> Int {
    shape.withKernelShape { table.winograd_scratch(Int32(tile), $0, Int32(images)) }
  }

  /// Transforms weights 3 3 I O, or 3 3 O I for the gradient at the inputs.
  package func winogradTransformWeights(
    tile: Int, _ weight: UnsafePointer<Float>, inputChannels: Int, outputChannels: Int,
    transformed: UnsafeMutablePointer<Float>
  ) {
    table.winograd_transform_weights(
      Int32(tile), weight, Int32(inputChannels), Int32(outputChannels), transformed)
  }

  /// The convolution of `images` images with transformed weights.
  package func winogradConvolve(
    tile: Int, _ shape: ConvolutionShape, images: Int, input: UnsafePointer<Float>,
    inputStep: Int, beginning: ConvolutionBeginning? = nil,
    transformedWeight: UnsafePointer<Float>, ending: ConvolutionEnding,
    output: UnsafeMutablePointer<Float>, outputStep: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape { shape in
      ConvolutionBeginning.withKernelBeginning(beginning) { beginning in
        ending.withKernelEnding {
          table.winograd_convolve(
            Int32(tile), shape, Int32(images), input, inputStep, beginning, transformedWeight, $0,
            output, outputStep, scratch)
        }
      }
    }
  }

  /// Computes the backward pass of the convolution of `images` images: adds the gradient of the
  /// weights and computes the gradient of the inputs, each where it is requested.
  package func winogradBackward(
    tile: Int, _ shape: ConvolutionShape, images: Int, _ gradients: WinogradGradients,
    scratch: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape { shape in
      gradients.withKernelGradients(tile: tile, images: images) {
        table.winograd_backward(shape, $0, scratch)
      }
    }
  }

  /// Adds to `biasGradient` the sums of the output gradient over the pixels.
  package func addRows(
    _ gradient: UnsafePointer<Float>, pixels: Int, channels: Int,
    to biasGradient: UnsafeMutablePointer<Float>
  ) {
    for pixel in 0..<pixels {
      axpy(1, x: gradient + pixel * channels, count: channels, y: biasGradient)
    }
  }
}
