internal import CDFQKernels

/// How 3x3 convolutions take fewer products; the results are those of `codeConvolution`.
package enum CodeWinograd: Int32, Sendable, BitwiseCopyable, CaseIterable {
  /// F(2x2, 3x3) on bytes, for codes of up to 6 bits.
  case bytes2x2 = 0
  /// F(4x2, 3x3) on bytes, for codes of up to 5 bits.
  case bytes4x2 = 1
  /// F(4x4, 3x3) on bytes, for codes of up to 4 bits.
  case bytes4x4 = 2
  /// 2x2 outputs of a convolution of stride 2 on bytes, for codes of up to 6 bits: F(2, 2) for every other tap.
  case bytesStride2 = 3
  /// F(4x4, 3x3) on 16-bit words.
  case words4x4 = 4

  package var usesWords: Bool { self == .words4x4 }

  /// The rows and columns of outputs that are computed together: ranges of rows that begin and end at multiples compute nothing
  /// twice.
  package var tile: (rows: Int, columns: Int) {
    switch self {
    case .bytes2x2, .bytesStride2: (2, 2)
    case .bytes4x2: (4, 2)
    case .bytes4x4, .words4x4: (4, 4)
    }
  }

  /// The stride of the convolutions, in both directions.
  package var stride: Int { self == .bytesStride2 ? 2 : 1 }

  /// The products of a tile for each pair of channels.
  fileprivate var products: Int {
    switch self {
    case .bytes2x2: 16
    case .bytes4x2: 28
    case .bytes4x4: 49
    case .bytesStride2: 25
    case .words4x4: 36
    }
  }

  /// The tiles in bytes, for the kernels.
  fileprivate var form: Int32 { rawValue }
}

extension Kernels {
  /// The algorithms that are faster than the direct kernel for a shape and input codes of at most `mostCode`, the fastest first;
  /// weights may still be too large for one.
  ///
  /// With products of bytes, 16, 32, 64 and 128 channels are 1.6, 2.1, 2.4 and 2.6 times as fast by F(4x4), 1.5, 1.9, 2.1 and 2.3 by
  /// F(4x2), 1.3, 1.7, 1.9 and 2.0 by F(2x2), and 1.2, 1.5, 1.7 and 1.8 by words, whose 16 channels are slower on processors with
  /// wider products than a Zen 4's. With a stride of 2, 64, 128 and 256 channels are 1.2, 1.3 and 1.2 times as fast on an Emerald Rapids,
  /// and fewer are slower. Without products of bytes, words are 2 to 4 times as fast (`dynadfq inspect --kernels`). Sizes that tiles do
  /// not fill take that away where channels are few.
  package func codeWinograds(_ shape: ConvolutionShape, mostCode: Int) -> [CodeWinograd] {
    let channels = min(shape.inputChannels, shape.outputChannels)
    let (height, width) = (shape.outputHeight, shape.outputWidth)
    func has(_ algorithm: CodeWinograd) -> Bool {
      mostCode <= codeWinogradMostCode(algorithm)
        && codeWinogradWeightByteCount(algorithm, shape) > 0
    }
    func products(_ algorithm: CodeWinograd) -> Int {
      let (rows, columns) = algorithm.tile
      return (height + rows - 1) / rows * ((width + columns - 1) / columns) * algorithm.products
    }
    let room = 16 * ((height + 3) / 4) * ((width + 3) / 4)
    // To read the weights of large tiles takes longer than the products of up to four of them; a Zen 4, where that was not measured,
    // takes twice as long for products.
    let isFew = room <= 64 && dfq_halves_wide_vectors() == 0
    // Many weights come from memory, and larger tiles have more of them.
    let isSmall = shape.inputChannels * shape.outputChannels < 256 * 256
    let bytes = [CodeWinograd.bytes4x4, .bytes4x2, .bytes2x2, .bytesStride2].filter { algorithm in
      let (rows, columns) = algorithm.tile
      let fills = height.isMultiple(of: rows) && width.isMultiple(of: columns)
      return has(algorithm) && channels >= (algorithm.stride == 2 ? 64 : fills ? 16 : 32)
        && (isSmall || algorithm.tile.rows == 2)
    }.sorted { isFew ? $0.products < $1.products : products($0) < products($1) }

    let pixels = height * width
    // Those in words are eight times those of the direct kernel.
    let fewest = dfq_halves_wide_vectors() != 0 ? 16 : 32
    let prefersWords =
      multipliesBytes
      ? channels >= fewest && shape.inputChannels < 256 && 4 * pixels >= 3 * room
      : 2 * pixels >= room
    return bytes + (prefersWords && has(.words4x4) ? [.words4x4] : [])
  }

  /// The size of the transformed weights, in bytes; 0 where there is no such kernel for the shape.
  package func codeWinogradWeightByteCount(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape
  ) -> Int {
    shape.withKernelShape { shape in
      algorithm.usesWords
        ? table.word_winograd_weight_bytes?(shape) ?? 0
        : table.code_winograd_weight_bytes?(algorithm.form, shape) ?? 0
    }
  }

  /// The largest input code that the kernel takes.
  package func codeWinogradMostCode(_ algorithm: CodeWinograd) -> Int {
    let most = table.code_winograd_most_code
    return switch algorithm {
    case .bytes2x2: Int(most.0)
    case .bytes4x2: Int(most.1)
    case .bytes4x4: Int(most.2)
    case .bytesStride2: Int(most.3)
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
        : table.code_winograd_pack(algorithm.form, $0, weight, packed)
    } != 0
  }

  /// The size of the scratch memory that `codeWinogradConvolution` needs, in bytes.
  package func codeWinogradScratchByteCount(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape
  ) -> Int {
    shape.withKernelShape {
      algorithm.usesWords
        ? table.word_winograd_scratch($0) : table.code_winograd_scratch(algorithm.form, $0)
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
            algorithm.form, shape, input, padCode, packedWeight, ending, first, end, scratch)
        }
      }
    }
  }
}
