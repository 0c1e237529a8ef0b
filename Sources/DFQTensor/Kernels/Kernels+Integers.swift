internal import CDFQKernels

/// Convolutions of codes: what a fake-quantized convolution computes, in exact integer arithmetic.
///
/// The results are the same bits on every instruction set.
extension Kernels {
  /// Bytes of a convolution's packed weight codes.
  package func integerWeightByteCount(_ shape: ConvolutionShape) -> Int {
    shape.withKernelShape { table.integer_weight_bytes($0) }
  }

  /// Puts weight codes KH KW I O into the order this instruction set reads; `packed` has
  /// `integerWeightByteCount` bytes and is read fastest from the start of a cache line (64 bytes).
  package func packIntegerWeights(
    _ shape: ConvolutionShape, weight: UnsafePointer<Int8>, packed: UnsafeMutablePointer<Int8>
  ) {
    shape.withKernelShape { table.integer_pack_weights($0, weight, packed) }
  }

  /// Bytes of scratch `integerConvolution` needs for `shape`.
  package func integerScratchByteCount(_ shape: ConvolutionShape) -> Int {
    shape.withKernelShape { table.integer_scratch($0) }
  }

  /// The dense convolution of one image of codes: the sum of the products, as a float, times
  /// `scale` plus `offset`, rounded once.
  ///
  /// The sum is exact; it must fit 32 bits, as that of at most 65,793 products does, and is rounded
  /// to a float from 2^24 on. Zero points are the caller's: where code and weight stand for
  /// (code - z) and w, `offset` holds -z times the sum of the weights, scaled.
  ///
  /// `input` is H W I, `scale` and `offset` O, `output` H W O; `padCode` is what the image is
  /// surrounded by (the code of 0). Only `rows` of the outputs are computed; `output` is where the
  /// first of them goes. `packedWeight` is from `packIntegerWeights` of the same kernels; `scratch`
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

  /// clamp(round(levelsPerUnit * x - zero), minimum, maximum) - minimum.
  ///
  /// That is the level `fakeQuantize` chooses, counted from 0; 0 for NaN. The bounds are whole and at
  /// most 255 apart. Where `y` is given it gets what `fakeQuantize` computes.
  package func quantizeCodes(
    x: UnsafePointer<Float>, count: Int, levelsPerUnit: Float, zero: Float, minimum: Float,
    maximum: Float, codes: UnsafeMutablePointer<UInt8>, y: UnsafeMutablePointer<Float>? = nil
  ) {
    table.quantize_codes(x, count, levelsPerUnit, zero, minimum, maximum, codes, y)
  }
}
