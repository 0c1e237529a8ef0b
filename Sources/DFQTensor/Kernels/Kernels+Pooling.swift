internal import CDFQKernels

extension Kernels {
  /// The maximum of each window of one image, H W C; `shape` has as many outputs as inputs.
  package func maxPool(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape { table.max_pool($0, input, output) }
  }

  /// Adds the gradient at the input of `maxPool`; among equal values, the first one receives it.
  package func maxPoolGradient(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape { table.max_pool_gradient($0, input, outputGradient, inputGradient) }
  }
}
