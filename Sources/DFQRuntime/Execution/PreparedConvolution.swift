import DFQTensor

/// A convolution whose input is codes: packed weights, and what turns sums into values.
struct PreparedConvolution: Sendable, BitwiseCopyable {
  /// One version of the weights.
  struct Bank: Sendable, BitwiseCopyable {
    /// For the direct kernel, or the depthwise one.
    nonisolated(unsafe) let packed: UnsafePointer<Int8>
    /// For Winograd's algorithms; empty where the direct kernel is faster or the weights do not fit.
    let winograds: ConstantList<Winograd>
    /// For each candidate of the input.
    let constants: ConstantList<Constants>
  }

  /// The weights for one of Winograd's algorithms.
  struct Winograd: Sendable, BitwiseCopyable {
    let algorithm: CodeWinograd
    nonisolated(unsafe) let packed: UnsafePointer<Int8>
  }

  /// value = sum * scale + offset for one grid of the input.
  struct Constants: Sendable, BitwiseCopyable {
    nonisolated(unsafe) let scale: UnsafePointer<Float>
    nonisolated(unsafe) let offset: UnsafePointer<Float>
    /// The code of the value 0.
    let padCode: UInt8
    /// The one of Winograd's algorithms that is the fastest for the input's bits.
    let winograd: Winograd?
  }

  let shape: ConvolutionShape
  let isDepthwise: Bool
  let banks: ConstantList<Bank>

  /// Packs weights; nil where the input's grids have no code for 0, the weights fit no byte, or there are groups.
  init?(
    _ convolution: Operation.Convolution, input: IntegerProgram.Point, usesWinograd: Bool,
    kernels: Kernels, store: ConstantStore
  ) {
    guard case .codes(let versions) = convolution.weights, input.grids.allSatisfy(\.hasZero),
      convolution.parts == nil
    else { return nil }
    let shape = convolution.shape
    let channels = shape.outputChannels
    var banks: [Bank] = []
    for (index, version) in versions.enumerated() {
      guard let codes = version.integers(channels: channels) else { return nil }
      let packed: UnsafeMutablePointer<Int8>
      var weights = WinogradWeights(shape: shape, codes: codes, kernels: kernels, store: store)
      if convolution.isDepthwise {
        packed = store.codes(kernels.codeDepthwiseWeightByteCount(shape))
        kernels.packCodeDepthwiseWeights(shape, weight: codes, packed: packed)
      } else {
        packed = store.codes(kernels.integerWeightByteCount(shape))
        kernels.packIntegerWeights(shape, weight: codes, packed: packed)
      }
      let constants = input.grids.enumerated().map { candidate, grid in
        // A version of the weights of its own goes with each candidate.
        let isRead =
          usesWinograd && !convolution.isDepthwise
          && (versions.count == 1 || candidate == index)
        return PreparedConvolution.constants(
          version, codes: codes, channels: channels, bias: convolution.bias, grid: grid,
          winograd: isRead ? weights.fastest(for: grid) : nil, store: store)
      }
      banks.append(
        Bank(
          packed: packed, winograds: store.list(weights.all), constants: store.list(constants)))
    }
    self.shape = shape
    isDepthwise = convolution.isDepthwise
    self.banks = store.list(banks)
  }

  /// All weights for Winograd's algorithms.
  var winograds: [Winograd] { banks.buffer.flatMap(\.winograds.buffer) }

  /// The bytes of the transformed weights.
  func winogradByteCount(_ kernels: Kernels) -> Int {
    winograds.reduce(0) { $0 + kernels.codeWinogradWeightByteCount($1.algorithm, shape) }
  }

  /// The bytes of scratch memory that the kernels need.
  func scratchByteCount(_ kernels: Kernels) -> Int {
    if isDepthwise { return kernels.codeDepthwiseScratchByteCount(shape) }
    return winograds.reduce(kernels.integerScratchByteCount(shape)) {
      max($0, kernels.codeWinogradScratchByteCount($1.algorithm, shape))
    }
  }

  /// With input (code + d) / S and weight w / W of sum total: scale = 1 / (S W) and offset = d *
  /// total * scale + bias, in the order of roundings of the training executor.
  static func constants(
    _ weights: CodedWeights, codes: [Int8], channels: Int, bias: [Float], grid: Grid,
    winograd: Winograd?, store: ConstantStore
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
      winograd: winograd)
  }
}
