import DFQTensor

/// A convolution whose input is codes: packed weights, and what turns sums into values.
struct PreparedConvolution: Sendable, BitwiseCopyable {
  /// One version of the weights.
  struct Bank: Sendable, BitwiseCopyable {
    /// For the direct kernel, or the depthwise one.
    nonisolated(unsafe) let packed: UnsafePointer<Int8>
    /// For Winograd's algorithm in bytes, where it is worth while and the weights fit.
    nonisolated(unsafe) let winograd: UnsafePointer<Int8>?
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
    let fitsWinograd: Bool
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
      var winograd: UnsafeMutablePointer<Int8>?
      if convolution.isDepthwise {
        packed = store.codes(kernels.codeDepthwiseWeightByteCount(shape))
        kernels.packCodeDepthwiseWeights(shape, weight: codes, packed: packed)
      } else {
        packed = store.codes(kernels.integerWeightByteCount(shape))
        kernels.packIntegerWeights(shape, weight: codes, packed: packed)
        if KernelChoice.prefersWinograd(shape, kernels: kernels),
          input.grids.contains(where: { KernelChoice.fitsWinograd($0, kernels: kernels) })
        {
          let transformed = store.codes(kernels.codeWinogradWeightByteCount(shape))
          if kernels.packCodeWinogradWeights(shape, weight: codes, packed: transformed) {
            winograd = transformed
          }
        }
      }
      let constants = input.grids.map { grid in
        PreparedConvolution.constants(
          version, codes: codes, channels: channels, bias: convolution.bias, grid: grid,
          kernels: kernels, store: store)
      }
      banks.append(
        Bank(packed: packed, winograd: winograd, constants: store.list(constants)))
    }
    self.shape = shape
    isDepthwise = convolution.isDepthwise
    self.banks = store.list(banks)
  }

  /// The bytes of scratch memory that the kernels need.
  func scratchByteCount(_ kernels: Kernels) -> Int {
    if isDepthwise { return kernels.codeDepthwiseScratchByteCount(shape) }
    let direct = kernels.integerScratchByteCount(shape)
    guard banks.buffer.contains(where: { $0.winograd != nil }) else { return direct }
    return max(direct, kernels.codeWinogradScratchByteCount(shape))
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
      fitsWinograd: KernelChoice.fitsWinograd(grid, kernels: kernels))
  }
}
