internal import CDFQKernels

/// Operations on codes whose results are codes again, see `CodeEnding`.
///
/// Sums are exact and must fit 32 bits, as in `integerConvolution`; codes outside of an image are `padCode`. All instruction
/// sets give the same bits. Packed weights are in the layout of these kernels; align them to a cache line (64 bytes) for
/// speed. The contents of scratch memory are undefined before and after a call.
extension Kernels {
  /// The dense convolution of one image, rows `rows` of its outputs.
  ///
  /// `packedWeight` comes from `packIntegerWeights`; `scratch` has `integerScratchByteCount` bytes.
  package func codeConvolution(
    _ shape: ConvolutionShape, input: UnsafePointer<UInt8>, padCode: UInt8,
    packedWeight: UnsafePointer<Int8>, ending: CodeEnding, rows: Range<Int>,
    scratch: UnsafeMutableRawPointer
  ) {
    shape.withKernelShape { shape in
      ending.withKernelEnding {
        table.code_conv(
          shape, input, padCode, packedWeight, $0, Int32(rows.lowerBound), Int32(rows.upperBound),
          scratch)
      }
    }
  }

  /// The size of the scratch memory that `codePixels` needs for a shape and a number of pixels, in bytes.
  package func codePixelsScratchByteCount(_ shape: ConvolutionShape, count: Int) -> Int {
    shape.withKernelShape { table.code_pixels_scratch($0, Int32(count)) }
  }

  /// Some output pixels of `codeConvolution`, which are counted row after row, as numbers: `ending.values` receives them one
  /// after the other.
  package func codePixels(
    _ shape: ConvolutionShape, input: UnsafePointer<UInt8>, padCode: UInt8,
    packedWeight: UnsafePointer<Int8>, ending: CodeEnding, pixels: UnsafeBufferPointer<Int32>,
    scratch: UnsafeMutableRawPointer
  ) {
    guard let start = pixels.baseAddress else { return }
    shape.withKernelShape { shape in
      ending.withKernelEnding {
        table.code_pixels(
          shape, input, padCode, packedWeight, $0, start, Int32(pixels.count), scratch)
      }
    }
  }

  /// The size of a depthwise convolution's packed weight codes, in bytes.
  package func codeDepthwiseWeightByteCount(_ shape: ConvolutionShape) -> Int {
    shape.withKernelShape { table.code_depthwise_weight_bytes($0) }
  }

  /// Packs weight codes KH KW C.
  package func packCodeDepthwiseWeights(
    _ shape: ConvolutionShape, weight: UnsafePointer<Int8>, packed: UnsafeMutablePointer<Int8>
  ) {
    shape.withKernelShape { table.code_depthwise_pack($0, weight, packed) }
  }

  /// The size of the scratch memory that `codeDepthwise` needs for a shape, in bytes.
  package func codeDepthwiseScratchByteCount(_ shape: ConvolutionShape) -> Int {
    shape.withKernelShape { table.code_depthwise_scratch($0) }
  }

  /// The depthwise convolution of one image, rows `rows` of its outputs; `shape` has as many outputs as inputs.
  package func codeDepthwise(
    _ shape: ConvolutionShape, input: UnsafePointer<UInt8>, padCode: UInt8,
    packedWeight: UnsafePointer<Int8>, ending: CodeEnding, rows: Range<Int>,
    scratch: UnsafeMutableRawPointer
  ) {
    shape.withKernelShape { shape in
      ending.withKernelEnding {
        table.code_depthwise(
          shape, input, padCode, packedWeight, $0, Int32(rows.lowerBound), Int32(rows.upperBound),
          scratch)
      }
    }
  }

  /// The size of a fully connected layer's packed weight codes, in bytes.
  ///
  /// `bits` is 2, 4 or 8: what one weight takes.
  package func codeDenseWeightByteCount(inputs: Int, outputs: Int, bits: Int) -> Int {
    table.code_dense_weight_bytes(Int32(inputs), Int32(outputs), Int32(bits))
  }

  /// Packs weight codes I O, two's complement numbers of `bits` bits.
  package func packCodeDenseWeights(
    inputs: Int, outputs: Int, bits: Int, weight: UnsafePointer<Int8>,
    packed: UnsafeMutablePointer<UInt8>
  ) {
    table.code_dense_pack(Int32(inputs), Int32(outputs), Int32(bits), weight, packed)
  }

  /// The fully connected layer of one image.
  package func codeDense(
    inputs: Int, outputs: Int, bits: Int, input: UnsafePointer<UInt8>,
    packedWeight: UnsafePointer<UInt8>, ending: CodeEnding
  ) {
    ending.withKernelEnding {
      table.code_dense(Int32(inputs), Int32(outputs), Int32(bits), input, packedWeight, $0)
    }
  }

  /// The codes of 8-bit pixels: fma(byte, scale, shift), clamped to 0...highest and rounded to even.
  ///
  /// `scale` and `shift` repeat; their count is a multiple of 16.
  package func codes(
    ofBytes bytes: UnsafePointer<UInt8>, count: Int, scale: UnsafeBufferPointer<Float>,
    shift: UnsafeBufferPointer<Float>, highest: Float, codes: UnsafeMutablePointer<UInt8>
  ) {
    guard let scales = scale.baseAddress, let shifts = shift.baseAddress else { return }
    table.codes_of_bytes(bytes, count, scales, shifts, scale.count, highest, codes)
  }

  /// Adds the values (code + offset) / levelsPerUnit of all pixels, one after the other, to a sum for each channel.
  package func codeSums(
    _ codes: UnsafePointer<UInt8>, pixels: Int, channels: Int, offset: Float, levelsPerUnit: Float,
    sums: UnsafeMutablePointer<Float>
  ) {
    table.code_sums(codes, pixels, Int32(channels), offset, levelsPerUnit, sums)
  }

  /// The largest code of each window of one image, H W C; `shape` has as many outputs as inputs.
  package func codeMaxPool(
    _ shape: ConvolutionShape, input: UnsafePointer<UInt8>, output: UnsafeMutablePointer<UInt8>
  ) {
    shape.withKernelShape { table.code_max_pool($0, input, output) }
  }
}
