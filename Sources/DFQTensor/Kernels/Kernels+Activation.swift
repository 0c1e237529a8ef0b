internal import CDFQKernels

extension Kernels {
  /// Computes y = act(x * scale[c] + shift[c] + residual).
  ///
  /// The activation multiplies negative arguments by `negativeSlope` and clamps at `upperBound`. A
  /// slope of 1 with an infinite bound is no activation; a slope of 0 is ReLU. NaN stays NaN.
  /// `activationMask` receives one bit per element, which is set where the activation's argument is
  /// at most 0. The number of channels must then be a multiple of `bitChannels`.
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

  /// The number of channels must be a multiple of this where a mask is written, so that the bits of
  /// a pixel fill whole bytes on every instruction set.
  package static let bitChannels = 16

  /// Computes the gradients of `affineActivation`: stores the gradient at x and adds those at scale
  /// and shift.
  ///
  /// Where `y` or `activationMask`, which `affineActivation` wrote, is given, the activation's slope
  /// is read from it. A mask is enough only where `upperBound` is infinite.
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

  /// Stores or adds a[c] + b[c] * x, the gradient of any function of the channels' moments.
  package func addChannelAffine(
    x: UnsafePointer<Float>, a: UnsafePointer<Float>, b: UnsafePointer<Float>, pixels: Int,
    channels: Int, accumulate: Bool, gradient: UnsafeMutablePointer<Float>
  ) {
    table.add_channel_affine(
      x, a, b, Int32(pixels), Int32(channels), dfq_store(accumulate: accumulate), gradient)
  }
}
