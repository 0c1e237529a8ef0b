internal import CDFQKernels

extension Kernels {
  /// y = (clamp(round(levelsPerUnit * x - zero), minimum, maximum) + zero) / levelsPerUnit.
  package func fakeQuantize(
    x: UnsafePointer<Float>, count: Int, levelsPerUnit: Float, zero: Float, minimum: Float,
    maximum: Float, y: UnsafeMutablePointer<Float>
  ) {
    table.fake_quantize(x, count, levelsPerUnit, zero, minimum, maximum, y)
  }

  /// `fakeQuantize` with a grid per channel, channels innermost.
  package func fakeQuantizeChannels(
    x: UnsafePointer<Float>, rows: Int, channels: Int, levelsPerUnit: UnsafePointer<Float>,
    zero: UnsafePointer<Float>, minimum: Float, maximum: Float, y: UnsafeMutablePointer<Float>
  ) {
    table.fake_quantize_channels(
      x, rows, Int32(channels), levelsPerUnit, zero, minimum, maximum, y)
  }

  /// Adds to `dots[j]` the inner product of `gradient` with x on grid j, for at most eight grids.
  package func fakeQuantizeDots(
    x: UnsafePointer<Float>, gradient: UnsafePointer<Float>, count: Int, candidates: Int,
    levelsPerUnit: UnsafePointer<Float>, zero: UnsafePointer<Float>,
    minimum: UnsafePointer<Float>, maximum: UnsafePointer<Float>,
    dots: UnsafeMutablePointer<Double>
  ) {
    precondition(candidates <= 8, "at most eight grids, not \(candidates)")
    table.fake_quantize_dots(
      x, gradient, count, Int32(candidates), levelsPerUnit, zero, minimum, maximum, dots)
  }

  /// The gradient through grids of learned steps, mixed by `share` (LSQ, equation 3): stored at x,
  /// added at the step of each grid and, as `fakeQuantizeDots`, to `dots`.
  ///
  /// The grids' zeros are 0. `xGradient` may be `gradient`.
  package func learnedStepsBackward(
    x: UnsafePointer<Float>, gradient: UnsafePointer<Float>, count: Int, candidates: Int,
    levelsPerUnit: UnsafePointer<Float>, minimum: UnsafePointer<Float>,
    maximum: UnsafePointer<Float>, share: UnsafePointer<Float>,
    xGradient: UnsafeMutablePointer<Float>?, dots: UnsafeMutablePointer<Double>?,
    stepGradient: UnsafeMutablePointer<Double>
  ) {
    table.learned_steps_backward(
      x, gradient, count, Int32(candidates), levelsPerUnit, minimum, maximum, share, xGradient,
      dots, stepGradient)
  }

  /// `gradient` where x lies from `low` to `high`, else 0: the clipped straight-through estimator.
  package func clippedBackward(
    x: UnsafePointer<Float>, gradient: UnsafePointer<Float>, count: Int, low: Float, high: Float,
    xGradient: UnsafeMutablePointer<Float>
  ) {
    table.clipped_backward(x, gradient, count, low, high, xGradient)
  }
}
