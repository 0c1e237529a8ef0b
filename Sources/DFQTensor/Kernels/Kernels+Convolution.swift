internal import CDFQKernels

extension Kernels {
  /// The size of the scratch memory that the dense and depthwise kernels need for a shape, in floats.
  package func convolutionScratchCount(_ shape: ConvolutionShape) -> Int {
    shape.withKernelShape { table.conv_scratch($0) }
  }

  /// The dense convolution of one image.
  package func convolutionForward(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape { table.conv_forward($0, input, weight, bias, output, scratch) }
  }

  /// The gradient at the input of a dense convolution; `transposedWeight` is KH KW O I.
  package func convolutionDataGradient(
    _ shape: ConvolutionShape, outputGradient: UnsafePointer<Float>,
    transposedWeight: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>,
    accumulate: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape {
      table.conv_data_gradient(
        $0, outputGradient, transposedWeight, inputGradient, dfq_store(accumulate: accumulate),
        scratch)
    }
  }

  /// Adds the gradients at the weights and at the bias of a dense convolution.
  package func convolutionWeightGradient(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape {
      table.conv_weight_gradient($0, input, outputGradient, weightGradient, biasGradient, scratch)
    }
  }

  /// The depthwise convolution of one image.
  package func depthwiseForward(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape { table.depthwise_forward($0, input, weight, bias, output, scratch) }
  }

  /// The gradient at the input of a depthwise convolution.
  package func depthwiseDataGradient(
    _ shape: ConvolutionShape, outputGradient: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape {
      table.depthwise_data_gradient(
        $0, outputGradient, weight, inputGradient, dfq_store(accumulate: accumulate), scratch)
    }
  }

  /// Adds the gradients at the weights and at the bias of a depthwise convolution.
  package func depthwiseWeightGradient(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape {
      table.depthwise_weight_gradient(
        $0, input, outputGradient, weightGradient, biasGradient, scratch)
    }
  }
}
