internal import CDFQKernels

/// 3x3 convolutions of stride 1 by Winograd's F(2x2, 3x3) in bytes; the results are those of
/// `codeConvolution`.
extension Kernels {
  /// The size of the transformed weights, in bytes; 0 where there is no such kernel for the shape.
  package func codeWinogradWeightByteCount(_ shape: ConvolutionShape) -> Int {
    guard let size = table.code_winograd_weight_bytes else { return 0 }
    return shape.withKernelShape { size($0) }
  }

  /// The largest input code that the kernel takes.
  package var codeWinogradMostCode: Int { Int(table.code_winograd_most_code) }

  /// Transforms and packs weight codes KH KW I O; returns false, with unspecified contents, where a
  /// transformed weight does not fit a byte.
  package func packCodeWinogradWeights(
    _ shape: ConvolutionShape, weight: UnsafePointer<Int8>, packed: UnsafeMutablePointer<Int8>
  ) -> Bool {
    shape.withKernelShape { table.code_winograd_pack($0, weight, packed) } != 0
  }

  /// The size of the scratch memory that `codeWinogradConvolution` needs, in bytes.
  package func codeWinogradScratchByteCount(_ shape: ConvolutionShape) -> Int {
    shape.withKernelShape { table.code_winograd_scratch($0) }
  }

  /// The convolution of one image of codes H W I, each at most `codeWinogradMostCode`.
  package func codeWinogradConvolution(
    _ shape: ConvolutionShape, input: UnsafePointer<UInt8>, padCode: UInt8,
    packedWeight: UnsafePointer<Int8>, ending: CodeEnding, rows: Range<Int>,
    scratch: UnsafeMutableRawPointer
  ) {
    shape.withKernelShape { shape in
      ending.withKernelEnding {
        table.code_winograd_conv(
          shape, input, padCode, packedWeight, $0, Int32(rows.lowerBound), Int32(rows.upperBound),
          scratch)
      }
    }
  }
}
