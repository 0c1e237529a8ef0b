import DFQTensor

/// The weights of a convolution for those of Winograd's algorithms that its inputs need.
struct WinogradWeights {
  let shape: ConvolutionShape
  let codes: [Int8]
  let kernels: Kernels
  let store: ConstantStore
  private(set) var all: [PreparedConvolution.Winograd] = []
  /// Those that the weights do not fit.
  private var refused: Set<CodeWinograd> = []

  init(shape: ConvolutionShape, codes: [Int8], kernels: Kernels, store: ConstantStore) {
    self.shape = shape
    self.codes = codes
    self.kernels = kernels
    self.store = store
  }

  /// The fastest algorithm for an input that the weights fit, nil where the direct kernel is faster.
  mutating func fastest(for grid: Grid) -> PreparedConvolution.Winograd? {
    let mostCode = Int(grid.highest - grid.lowest)
    for algorithm in kernels.codeWinograds(shape, mostCode: mostCode) {
      if let found = all.first(where: { $0.algorithm == algorithm }) { return found }
      guard !refused.contains(algorithm) else { continue }
      let packed = store.codes(kernels.codeWinogradWeightByteCount(algorithm, shape))
      if kernels.packCodeWinogradWeights(algorithm, shape, weight: codes, packed: packed) {
        all.append(.init(algorithm: algorithm, packed: UnsafePointer(packed)))
        return all.last
      }
      refused.insert(algorithm)
    }
    return nil
  }
}
