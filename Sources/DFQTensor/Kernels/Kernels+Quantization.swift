internal import CDFQKernels

extension Kernels {
  /// Computes y = (clamp(round(levelsPerUnit * x - zero), minimum, maximum) + zero) / levelsPerUnit.
  package func fakeQuantize(
    x: UnsafePointer<Float>, count: Int, levelsPerUnit: Float, zero: Float, minimum: Float,
    maximum: Float, y: UnsafeMutablePointer<Float>
  ) {
    table.fake_quantize(x, count, levelsPerUnit, zero, minimum, maximum, y)
  }

  /// Computes `fakeQuantize` with one grid per channel; channels are innermost.
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

  /// Computes the gradient through a mixture of grids with learned steps (LSQ, equation 3).
  ///
  /// The gradient at x is stored; the gradient at the step of each grid and, as in
  /// `fakeQuantizeDots`, the inner products in `dots` are accumulated. `share` holds the weight of
  /// each grid in the mixture. The grids have zero point 0. `xGradient` may be `gradient`.
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

  /// Passes `gradient` where x is in `low...high` and writes 0 elsewhere: the clipped
  /// straight-through estimator.
  package func clippedBackward(
    x: UnsafePointer<Float>, gradient: UnsafePointer<Float>, count: Int, low: Float, high: Float,
    xGradient: UnsafeMutablePointer<Float>
  ) {
    table.clipped_backward(x, gradient, count, low, high, xGradient)
  }

  /// Writes the means and the standard deviations of codes, channel by channel, over the pixels that begin at `offsets`,
  /// both times 1 / levelsPerUnit.
  ///
  /// A code is round(clamp(x * levelsPerUnit, -128, 255)). Sums of codes below 2^24 are exact in any order.
  package func sampledStatistics(
    x: UnsafePointer<Float>, offsets: UnsafeBufferPointer<Int32>, channels: Int,
    levelsPerUnit: Float, means: UnsafeMutablePointer<Float>?,
    deviations: UnsafeMutablePointer<Float>?
  ) {
    guard let start = offsets.baseAddress else { return }
    table.sampled_statistics(
      x, start, Int32(offsets.count), Int32(channels), levelsPerUnit, means, deviations)
  }

  /// The same of codes counted from 0, which stand for (code + `codeOffset`) / `levelsPerUnit`.
  package func sampledStatistics(
    codes: UnsafePointer<UInt8>, codeOffset: Float, offsets: UnsafeBufferPointer<Int32>,
    channels: Int, levelsPerUnit: Float, means: UnsafeMutablePointer<Float>?,
    deviations: UnsafeMutablePointer<Float>?
  ) {
    guard let start = offsets.baseAddress else { return }
    table.sampled_code_statistics(
      codes, start, Int32(offsets.count), Int32(channels), codeOffset, levelsPerUnit, means,
      deviations)
  }

  /// Tells the processor that pixels of `channels` codes at `offsets` will be read soon.
  ///
  /// What another processor wrote takes its way while this one computes something else.
  package func fetch(
    codes: UnsafePointer<UInt8>, offsets: UnsafeBufferPointer<Int32>, channels: Int
  ) {
    guard let start = offsets.baseAddress else { return }
    dfq_fetch(codes, start, Int32(offsets.count), Int32(channels))
  }

  /// Writes x[i] to y[i] where the draw of element `first` + i of a stream, uniform in 0..<2^24, is below the threshold.
  package func keepElements(
    stream: UInt64, threshold: UInt32, first: Int, x: UnsafePointer<Float>, count: Int,
    y: UnsafeMutablePointer<Float>
  ) {
    table.keep_elements(stream, threshold, UInt32(first), x, count, y)
  }

  /// Writes 0 to y[i] where the draw is below the threshold, and else x[i]; `y` may be `x`.
  package func clearElements(
    stream: UInt64, threshold: UInt32, first: Int, x: UnsafePointer<Float>, count: Int,
    y: UnsafeMutablePointer<Float>
  ) {
    table.clear_elements(stream, threshold, UInt32(first), x, count, y)
  }
}
