internal import CDFQKernels

extension Kernels {
  /// y = act(x * scale[c] + shift[c] + residual), which bends by `leak` below 0 and ends at `high`.
  ///
  /// No activation is a leak of 1 and an infinite `high`; ReLU a leak of 0. A NaN stays a NaN.
  package func affineActivation(
    x: UnsafePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
    residual: UnsafePointer<Float>?, leak: Float, high: Float, pixels: Int, channels: Int,
    y: UnsafeMutablePointer<Float>
  ) {
    table.affine_activation(
      x, scale, shift, residual, leak, high, Int32(pixels), Int32(channels), y)
  }

  /// The gradients of `affineActivation`: stored at x, added at scale and shift.
  ///
  /// Where `y`, the values of `affineActivation`, is given, the activation's slope is read from it.
  /// `xGradient` may be `gradient`; `residualGradient` may not. Where `offset` and `slope` are
  /// given, offset[c] + slope[c] * x is added to the gradient at x.
  package func affineActivationBackward(
    gradient: UnsafePointer<Float>, x: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    shift: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    y: UnsafePointer<Float>? = nil, leak: Float, high: Float, pixels: Int, channels: Int,
    xGradient: UnsafeMutablePointer<Float>,
    residualGradient: UnsafeMutablePointer<Float>?, accumulateResidual: Bool,
    offset: UnsafePointer<Float>? = nil, slope: UnsafePointer<Float>? = nil,
    scaleGradient: UnsafeMutablePointer<Float>?, shiftGradient: UnsafeMutablePointer<Float>?
  ) {
    table.affine_activation_backward(
      gradient, x, scale, shift, residual, y, leak, high, Int32(pixels), Int32(channels), xGradient,
      residualGradient, dfq_store(accumulate: accumulateResidual), offset, slope, scaleGradient,
      shiftGradient)
  }

  /// Adds the sums of x and of x squared over the pixels, per channel.
  package func moments(
    x: UnsafePointer<Float>, pixels: Int, channels: Int, sum: UnsafeMutablePointer<Double>,
    squareSum: UnsafeMutablePointer<Double>
  ) {
    table.moments(x, Int32(pixels), Int32(channels), sum, squareSum)
  }

  /// gradient = (or +=) a[c] + b[c] * x: the gradient of any function of the channels' moments.
  package func addChannelAffine(
    x: UnsafePointer<Float>, a: UnsafePointer<Float>, b: UnsafePointer<Float>, pixels: Int,
    channels: Int, accumulate: Bool, gradient: UnsafeMutablePointer<Float>
  ) {
    table.add_channel_affine(
      x, a, b, Int32(pixels), Int32(channels), dfq_store(accumulate: accumulate), gradient)
  }
}
