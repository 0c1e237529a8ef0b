internal import CDFQKernels

extension Kernels {
  /// y = act(x * scale[c] + shift[c] + residual), which hasActivation by `negativeSlope` below 0 and ends at `upperBound`.
  ///
  /// No activation is a negativeSlope of 1 and an infinite `upperBound`; ReLU a negativeSlope of 0. A NaN stays a NaN.
  /// `activationMask` receives a bit for each element: whether the activation's argument is at most 0. The
  /// channels are then a multiple of `bitChannels`.
  package func affineActivation(
    x: UnsafePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
    residual: UnsafePointer<Float>?, negativeSlope: Float, upperBound: Float, pixels: Int,
    channels: Int,
    y: UnsafeMutablePointer<Float>, activationMask: UnsafeMutablePointer<UInt8>? = nil
  ) {
    table.affine_activation(
      x, scale, shift, residual, negativeSlope, upperBound, Int32(pixels), Int32(channels), y,
      activationMask)
  }

  /// Whole numbers of so many channels have their bits in whole bytes, for every instruction set.
  package static let bitChannels = 16

  /// The gradients of `affineActivation`: stored at x, added at scale and shift.
  ///
  /// Where `y` or `activationMask`, what `affineActivation` wrote, is given, the activation's slope is read
  /// from it; from `activationMask` only where `upperBound` is infinite.
  /// `xGradient` may be `gradient`; `residualGradient` may not. Where `offset` and `slope` are
  /// given, offset[c] + slope[c] * x is added to the gradient at x.
  package func affineActivationBackward(
    gradient: UnsafePointer<Float>, x: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    shift: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    y: UnsafePointer<Float>? = nil, activationMask: UnsafePointer<UInt8>? = nil,
    negativeSlope: Float, upperBound: Float,
    pixels: Int, channels: Int, xGradient: UnsafeMutablePointer<Float>,
    residualGradient: UnsafeMutablePointer<Float>?, accumulateResidual: Bool,
    offset: UnsafePointer<Float>? = nil, slope: UnsafePointer<Float>? = nil,
    scaleGradient: UnsafeMutablePointer<Float>?, shiftGradient: UnsafeMutablePointer<Float>?
  ) {
    table.affine_activation_backward(
      gradient, x, scale, shift, residual, y, activationMask, negativeSlope, upperBound,
      Int32(pixels), Int32(channels),
      xGradient, residualGradient, dfq_store(accumulate: accumulateResidual), offset, slope,
      scaleGradient, shiftGradient)
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
