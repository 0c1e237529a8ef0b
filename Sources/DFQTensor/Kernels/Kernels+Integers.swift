internal import CDFQKernels

/// Convolutions of codes: what a fake-quantized convolution computes, in exact integer arithmetic.
///
/// The results are the same bits on every instruction set.
extension Kernels {
  /// The size of a convolution's packed weight codes, in bytes.
  package func integerWeightByteCount(_ shape: ConvolutionShape) -> Int {
    shape.withKernelShape { table.integer_weight_bytes($0) }
  }

  /// Packs weight codes KH KW I O in the order in which this instruction set reads them.
  ///
  /// `packed` has `integerWeightByteCount` bytes. Align it to a cache line (64 bytes) for speed.
  package func packIntegerWeights(
    _ shape: ConvolutionShape, weight: UnsafePointer<Int8>, packed: UnsafeMutablePointer<Int8>
  ) {
    shape.withKernelShape { table.integer_pack_weights($0, weight, packed) }
  }

  /// The size of the scratch memory that `integerConvolution` needs for a shape, in bytes.
  package func integerScratchByteCount(_ shape: ConvolutionShape) -> Int {
    shape.withKernelShape { table.integer_scratch($0) }
  }

  /// The dense convolution of one image of codes: the sum of the products, as a float, times
  /// `scale` plus `offset`, rounded once.
  ///
  /// The sum is exact. It must fit 32 bits, which holds for at most 65,793 products, and is rounded
  /// when it is converted to a float above 2^24. The caller handles zero points: where an input code
  /// stands for (code - z), `offset` holds -z times the scaled sum of the weights.
  ///
  /// `input` is H W I, `scale` and `offset` O, `output` H W O. `padCode` is the code of 0, which
  /// surrounds the image. Only the given `rows` of the outputs are computed, and `output` points to
  /// the first of them. `packedWeight` comes from `packIntegerWeights` of the same kernels; `scratch`
  /// has `integerScratchByteCount` bytes.
  package func integerConvolution(
    _ shape: ConvolutionShape, input: UnsafePointer<UInt8>, padCode: UInt8,
    packedWeight: UnsafePointer<Int8>, scale: UnsafePointer<Float>, offset: UnsafePointer<Float>,
    rows: Range<Int>, output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    shape.withKernelShape {
      table.integer_conv(
        $0, input, padCode, packedWeight, scale, offset, Int32(rows.lowerBound),
        Int32(rows.upperBound), output, scratch)
    }
  }

  /// Computes clamp(round(levelsPerUnit * x - zero), minimum, maximum) - minimum.
  ///
  /// This is the level that `fakeQuantize` chooses, counted from 0; it is 0 for NaN. The bounds are
  /// whole numbers that differ by at most 255. Where `y` is given, it receives the value that
  /// `fakeQuantize` computes.
  package func quantizeCodes(
    x: UnsafePointer<Float>, count: Int, levelsPerUnit: Float, zero: Float, minimum: Float,
    maximum: Float, codes: UnsafeMutablePointer<UInt8>, y: UnsafeMutablePointer<Float>? = nil
  ) {
    table.quantize_codes(x, count, levelsPerUnit, zero, minimum, maximum, codes, y)
  }
}
