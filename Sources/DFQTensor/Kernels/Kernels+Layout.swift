internal import CDFQKernels

extension Kernels {
  /// Transposes weights KH KW I O to KH KW O I.
  package static func transposeWeights(
    _ weight: UnsafePointer<Float>, taps: Int, inputChannels: Int, outputChannels: Int,
    transposed: UnsafeMutablePointer<Float>
  ) {
    dfq_transpose_weights(
      weight, Int32(taps), Int32(inputChannels), Int32(outputChannels), transposed)
  }

  /// Writes one row of KH x KW x C values to `columns` for each output pixel; values outside of the
  /// image are zero.
  package static func im2col(
    _ shape: ConvolutionShape, input: UnsafePointer<Float>, columns: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape { dfq_im2col($0, input, columns) }
  }

  /// The transpose of `im2col`: adds the columns back into `inputGradient`.
  package static func col2im(
    _ shape: ConvolutionShape, columns: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>
  ) {
    shape.withKernelShape { dfq_col2im($0, columns, inputGradient) }
  }
}
