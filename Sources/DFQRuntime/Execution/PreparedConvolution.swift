import DFQTensor

/// A convolution whose input is codes: packed weights, and what turns sums into values.
struct PreparedConvolution: Sendable, BitwiseCopyable {
  /// One version of the weights.
  struct Bank: Sendable, BitwiseCopyable {
    /// For the direct kernel, or the depthwise one.
    nonisolated(unsafe) let packed: UnsafePointer<Int8>
    /// For Winograd's algorithm in bytes, where it is worth while and the weights fit.
    nonisolated(unsafe) let bytes: UnsafePointer<Int8>?
    /// For Winograd's algorithm in words, likewise.
    nonisolated(unsafe) let words: UnsafePointer<Int8>?
    /// For each candidate of the input.
    let constants: ConstantList<Constants>
  }

  /// value = sum * scale + offset for one grid of the input.
  struct Constants: Sendable, BitwiseCopyable {
    nonisolated(unsafe) let scale: UnsafePointer<Float>
    nonisolated(unsafe) let offset: UnsafePointer<Float>
    /// The code of the value 0.
    let padCode: UInt8
    /// Whether the input's codes are small enough for Winograd's algorithm in bytes.
    let fitsBytes: Bool
  }

  /// Winograd's algorithm with its weights.
  struct Winograd {
    let algorithm: CodeWinograd
    let packed: UnsafePointer<Int8>
  }

  let shape: ConvolutionShape
  let isDepthwise: Bool
  let banks: ConstantList<Bank>

  /// Packs weights; nil where the input's grids have no code for 0 or the weights fit no byte.
  init?(
    _ convolution: Operation.Convolution, input: IntegerProgram.Point, kernels: Kernels,
    store: ConstantStore
  ) {
    guard case .codes(let versions) = convolution.weights, input.grids.allSatisfy(\.hasZero)
    else { return nil }
    let shape = convolution.shape
    let channels = shape.outputChannels
    var banks: [Bank] = []
    for version in versions {
      guard let codes = version.integers(channels: channels) else { return nil }
      let packed: UnsafeMutablePointer<Int8>
      var bytes: UnsafePointer<Int8>?
      var words: UnsafePointer<Int8>?
      if convolution.isDepthwise {
        packed = store.codes(kernels.codeDepthwiseWeightByteCount(shape))
        kernels.packCodeDepthwiseWeights(shape, weight: codes, packed: packed)
      } else {
        packed = store.codes(kernels.integerWeightByteCount(shape))
        kernels.packIntegerWeights(shape, weight: codes, packed: packed)
        let fits = input.grids.map { KernelChoice.fitsBytes($0, kernels: kernels) }
        if fits.contains(true) {
          bytes = PreparedConvolution.transformed(
            .bytes, shape, codes: codes, kernels: kernels, store: store)
        }
        if bytes == nil || fits.contains(false) {
          words = PreparedConvolution.transformed(
            .words, shape, codes: codes, kernels: kernels, store: store)
        }
      }
      let constants = input.grids.map { grid in
        PreparedConvolution.constants(
          version, codes: codes, channels: channels, bias: convolution.bias, grid: grid,
          kernels: kernels, store: store)
      }
      banks.append(
        Bank(packed: packed, bytes: bytes, words: words, constants: store.list(constants)))
    }
    self.shape = shape
    isDepthwise = convolution.isDepthwise
    self.banks = store.list(banks)
  }

  /// The weights for Winograd's algorithm, nil where it is not worth while or they do not fit.
  private static func transformed(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape, codes: [Int8], kernels: Kernels,
    store: ConstantStore
  ) -> UnsafePointer<Int8>? {
    guard kernels.prefers(algorithm, shape) else { return nil }
    let packed = store.codes(kernels.codeWinogradWeightByteCount(algorithm, shape))
    let fits = kernels.packCodeWinogradWeights(algorithm, shape, weight: codes, packed: packed)
    return fits ? UnsafePointer(packed) : nil
  }

  /// Winograd's algorithm for an input, nil where the direct kernel is taken.
  func winograd(_ bank: Bank, _ constants: Constants) -> Winograd? {
    if constants.fitsBytes, let packed = bank.bytes {
      return Winograd(algorithm: .bytes, packed: packed)
    }
    return bank.words.map { Winograd(algorithm: .words, packed: $0) }
  }

  /// The bytes of the transformed weights.
  func winogradByteCount(_ kernels: Kernels) -> Int {
    banks.buffer.reduce(0) { count, bank in
      count + (bank.bytes == nil ? 0 : kernels.codeWinogradWeightByteCount(.bytes, shape))
        + (bank.words == nil ? 0 : kernels.codeWinogradWeightByteCount(.words, shape))
    }
  }

  /// The bytes of scratch memory that the kernels need.
  func scratchByteCount(_ kernels: Kernels) -> Int {
    if isDepthwise { return kernels.codeDepthwiseScratchByteCount(shape) }
    var most = kernels.integerScratchByteCount(shape)
    if banks.buffer.contains(where: { $0.bytes != nil }) {
      most = max(most, kernels.codeWinogradScratchByteCount(.bytes, shape))
    }
    if banks.buffer.contains(where: { $0.words != nil }) {
      most = max(most, kernels.codeWinogradScratchByteCount(.words, shape))
    }
    return most
  }

  /// With input (code + d) / S and weight w / W of sum total: scale = 1 / (S W) and offset = d *
  /// total * scale + bias, in the order of roundings of the training executor.
  static func constants(
    _ weights: CodedWeights, codes: [Int8], channels: Int, bias: [Float], grid: Grid,
    kernels: Kernels, store: ConstantStore
  ) -> Constants {
    var sums = [Float](repeating: 0, count: channels)
    for (index, code) in codes.enumerated() { sums[index % channels] += Float(code) }
    let unit = 1 / grid.levelsPerUnit
    let scale = (0..<channels).map { channel in
      1 / weights.levels[weights.levels.count == 1 ? 0 : channel] * unit
    }
    let offset = (0..<channels).map { channel in
      let own = grid.offset * sums[channel] * scale[channel]
      return bias.isEmpty ? own : own + bias[channel]
    }
    return Constants(
      scale: store.floats(scale), offset: store.floats(offset),
      padCode: grid.hasZero ? UInt8(-grid.offset) : 0,
      fitsBytes: KernelChoice.fitsBytes(grid, kernels: kernels))
  }
}
