internal import CDFQKernels

/// How 3x3 convolutions of stride 1 take fewer products; the results are those of `codeConvolution`.
package enum CodeWinograd: Int32, Sendable, BitwiseCopyable, CaseIterable {
  /// F(2x2, 3x3) on bytes, for codes of up to 5 bits (6 with few weights).
  case bytes2x2 = 2
  /// F(2x3, 3x3) on bytes, for codes of up to 4 bits.
  case bytes2x3 = 3
  /// F(2x4, 3x3) on bytes, for codes of up to 3 bits.
  case bytes2x4 = 4
  /// F(4x4, 3x3) on 16-bit words.
  case words4x4 = 0

  package var usesWords: Bool { self == .words4x4 }

  /// The rows of outputs that are computed together: ranges of rows that begin and end at multiples compute
  /// nothing twice.
  package var rows: Int { usesWords ? 4 : 2 }

  /// The width of tiles in bytes, for the kernels.
  fileprivate var width: Int32 { rawValue }
}

extension Kernels {
  /// The algorithms that are faster than the direct kernel for a shape and input codes of at most `mostCode`, the fastest first;
  /// weights may still be too large for one.
  ///
  /// With products of bytes, 32, 64 and 128 channels are 1.5, 1.9 and 2.4 times as fast by F(2x4), 1.4, 1.9 and 2.0 by F(2x3), 1.4,
  /// 1.8 and 1.9 by F(2x2), 1.4, 1.6 and 1.6 in words; 16 channels 1.1 by F(2x4) and F(2x2) only. Without them, words are 2 to
  /// 4 times as fast (`dynadfq inspect --kernels`). Sizes that tiles do not fill take that away where channels are few.
  package func codeWinograds(_ shape: ConvolutionShape, mostCode: Int) -> [CodeWinograd] {
    let channels = min(shape.inputChannels, shape.outputChannels)
    let (height, width) = (shape.outputHeight, shape.outputWidth)
    func has(_ algorithm: CodeWinograd) -> Bool {
      mostCode <= codeWinogradMostCode(algorithm)
        && codeWinogradWeightByteCount(algorithm, shape) > 0
    }
    func products(_ width: Int) -> Int { (shape.outputWidth + width - 1) / width * (width + 2) }
    var bytes: [(algorithm: CodeWinograd, products: Int)] = []
    // Many weights come from memory, and wider tiles have more of them.
    let isSmall = shape.inputChannels * shape.outputChannels < 256 * 256
    if has(.bytes2x4), channels >= 16, isSmall { bytes.append((.bytes2x4, products(4))) }
    if has(.bytes2x3), channels >= 64, isSmall { bytes.append((.bytes2x3, products(3))) }
    let fills = height.isMultiple(of: 2) && width.isMultiple(of: 2)
    if has(.bytes2x2), channels >= (fills ? 16 : 32) { bytes.append((.bytes2x2, products(2))) }
    bytes.sort { $0.products < $1.products }

    let room = 16 * ((height + 3) / 4) * ((width + 3) / 4), pixels = height * width
    // Those in words are eight times those of the direct kernel.
    let prefersWords =
      multipliesBytes
      ? channels >= 32 && shape.inputChannels < 256 && 4 * pixels >= 3 * room
      : 2 * pixels >= room
    return bytes.map(\.algorithm) + (prefersWords && has(.words4x4) ? [.words4x4] : [])
  }

  /// The size of the transformed weights, in bytes; 0 where there is no such kernel for the shape.
  package func codeWinogradWeightByteCount(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape
  ) -> Int {
    shape.withKernelShape { shape in
      algorithm.usesWords
        ? table.word_winograd_weight_bytes?(shape) ?? 0
        : table.code_winograd_weight_bytes?(algorithm.width, shape) ?? 0
    }
  }

  /// The largest input code that the kernel takes.
  package func codeWinogradMostCode(_ algorithm: CodeWinograd) -> Int {
    let most = table.code_winograd_most_code
    return switch algorithm {
    case .bytes2x2: Int(most.0)
    case .bytes2x3: Int(most.1)
    case .bytes2x4: Int(most.2)
    case .words4x4: 255
    }
  }

  /// Transforms and packs weight codes KH KW I O; returns false, with unspecified contents, where a
  /// transformed weight or a sum is too large for the algorithm.
  package func packCodeWinogradWeights(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape, weight: UnsafePointer<Int8>,
    packed: UnsafeMutablePointer<Int8>
  ) -> Bool {
    shape.withKernelShape {
      algorithm.usesWords
        ? table.word_winograd_pack($0, weight, packed)
        : table.code_winograd_pack(algorithm.width, $0, weight, packed)
    } != 0
  }

  /// The size of the scratch memory that `codeWinogradConvolution` needs, in bytes.
  package func codeWinogradScratchByteCount(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape
  ) -> Int {
    shape.withKernelShape {
      algorithm.usesWords
        ? table.word_winograd_scratch($0) : table.code_winograd_scratch(algorithm.width, $0)
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
        if algorithm.usesWords {
          table.word_winograd_conv(
            shape, input, padCode, packedWeight, ending, first, end, scratch)
        } else {
          table.code_winograd_conv(
            algorithm.width, shape, input, padCode, packedWeight, ending, first, end, scratch)
        }
      }
    }
  }
}
