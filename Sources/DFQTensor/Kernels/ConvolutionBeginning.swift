internal import CDFQKernels

/// The operation applied to the values x that a convolution reads: its inputs are
/// act(x * scale[c] + shift[c]); see `Kernels.affineActivation`.
package struct ConvolutionBeginning {
  package var scale: UnsafePointer<Float>
  package var shift: UnsafePointer<Float>
  package var negativeSlope: Float
  package var upperBound: Float

  package init(
    scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, negativeSlope: Float,
    upperBound: Float
  ) {
    self.scale = scale
    self.shift = shift
    self.negativeSlope = negativeSlope
    self.upperBound = upperBound
  }

  /// Calls `body` with the C structure, or with nil.
  static func withKernelBeginning(
    _ beginning: ConvolutionBeginning?, _ body: (UnsafePointer<dfq_conv_beginning>?) -> Void
  ) {
    guard let beginning else { return body(nil) }
    var structure = dfq_conv_beginning(
      scale: beginning.scale, shift: beginning.shift, negative_slope: beginning.negativeSlope,
      upper_bound: beginning.upperBound)
    body(&structure)
  }
}
