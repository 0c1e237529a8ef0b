internal import CDFQKernels

/// How 3x3 convolutions of stride 1 take fewer products; the results are those of `codeConvolution`.
package enum CodeWinograd: Sendable, CaseIterable {
  /// F(2x2, 3x3) on bytes, for codes of few bits.
  case bytes
  /// F(4x4, 3x3) on 16-bit words.
  case words

  /// The rows of outputs that are computed together: ranges of rows that begin and end at multiples compute
  /// nothing twice.
  package var rows: Int { self == .bytes ? 2 : 4 }
}

extension Kernels {
  /// Whether one of Winograd's algorithms is faster than the direct kernel for a shape, if the codes fit it.
  ///
  /// In bytes it is 1.1 to 1.2 times as fast with 16 channels, 1.4 to 1.5 with 32, 1.8 with 64 and 2 with 256; in words 1.4
  /// with 32 and 1.6 with 64 and 128, slower with 16. Without products of bytes, words are 2 to 4 times as fast
  /// (`dynadfq inspect --kernels`). Sizes that tiles do not fill take that away where channels are few.
  package func prefers(_ algorithm: CodeWinograd, _ shape: ConvolutionShape) -> Bool {
    guard codeWinogradWeightByteCount(algorithm, shape) > 0 else { return false }
    let channels = min(shape.inputChannels, shape.outputChannels)
    let pixels = shape.outputHeight * shape.outputWidth
    switch algorithm {
    case .bytes:
      let fillsTiles =
        shape.outputHeight.isMultiple(of: 2) && shape.outputWidth.isMultiple(of: 2)
      return channels >= (fillsTiles ? 16 : 32)
    case .words:
      let room = 16 * ((shape.outputHeight + 3) / 4) * ((shape.outputWidth + 3) / 4)
      guard multipliesBytes else { return 2 * pixels >= room }
      // The weights are eight times those of the direct kernel: many of them come from memory.
      return channels >= 32 && shape.inputChannels < 256 && 4 * pixels >= 3 * room
    }
  }

  /// The size of the transformed weights, in bytes; 0 where there is no such kernel for the shape.
  package func codeWinogradWeightByteCount(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape
  ) -> Int {
    let size =
      switch algorithm {
      case .bytes: table.code_winograd_weight_bytes
      case .words: table.word_winograd_weight_bytes
      }
    guard let size else { return 0 }
    return shape.withKernelShape { size($0) }
  }

  /// The largest input code that the kernel takes.
  package func codeWinogradMostCode(_ algorithm: CodeWinograd) -> Int {
    algorithm == .bytes ? Int(table.code_winograd_most_code) : 255
  }

  /// Transforms and packs weight codes KH KW I O; returns false, with unspecified contents, where a
  /// transformed weight or a sum is too large for the algorithm.
  package func packCodeWinogradWeights(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape, weight: UnsafePointer<Int8>,
    packed: UnsafeMutablePointer<Int8>
  ) -> Bool {
    shape.withKernelShape {
      switch algorithm {
      case .bytes: table.code_winograd_pack($0, weight, packed)
      case .words: table.word_winograd_pack($0, weight, packed)
      }
    } != 0
  }

  /// The size of the scratch memory that `codeWinogradConvolution` needs, in bytes.
  package func codeWinogradScratchByteCount(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape
  ) -> Int {
    shape.withKernelShape {
      switch algorithm {
      case .bytes: table.code_winograd_scratch($0)
      case .words: table.word_winograd_scratch($0)
      }
    }
  }

  /// The convolution of one image of codes H W I, each at most `codeWinogradMostCode`.
  package func codeWinogradConvolution(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape, input: UnsafePointer<UInt8>,
    padCode: UInt8, packedWeight: UnsafePointer<Int8>, ending: CodeEnding, rows: Range<Int>,
    scratch: UnsafeMutableRawPointer
  ) {
    let (first, end) = (Int32(rows.lowerBound), Int32(rows.upperBound))
    shape.withKernelShape { shape in
      ending.withKernelEnding { ending in
        switch algorithm {
        case .bytes:
          table.code_winograd_conv(
            shape, input, padCode, packedWeight, ending, first, end, scratch)
        case .words:
          table.word_winograd_conv(
            shape, input, padCode, packedWeight, ending, first, end, scratch)
        }
      }
    }
  }
}
