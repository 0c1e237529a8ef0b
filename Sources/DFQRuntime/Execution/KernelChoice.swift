import DFQTensor

/// Which kernel computes a convolution.
enum KernelChoice {
  /// Whether one of Winograd's algorithms is faster than the direct kernel for a shape, if the input fits it.
  ///
  /// In bytes it is 1.1 to 1.2 times as fast with 16 channels, 1.4 to 1.5 with 32, 1.8 with 64 and 2 with 256; in words 1.4
  /// with 32 and 1.6 with 64 and 128, slower with 16. Without products of bytes words are 2 to 4 times as fast
  /// (`dynadfq inspect --kernels`). Sizes that tiles do not fill take that away where channels are few.
  static func prefers(
    _ algorithm: CodeWinograd, _ shape: ConvolutionShape, kernels: Kernels
  ) -> Bool {
    guard kernels.codeWinogradWeightByteCount(algorithm, shape) > 0 else { return false }
    let channels = min(shape.inputChannels, shape.outputChannels)
    switch algorithm {
    case .bytes:
      let fillsTiles =
        shape.outputHeight.isMultiple(of: 2) && shape.outputWidth.isMultiple(of: 2)
      return channels >= (fillsTiles ? 16 : 32)
    case .words:
      let pixels = shape.outputHeight * shape.outputWidth
      let tiles = ((shape.outputHeight + 3) / 4) * ((shape.outputWidth + 3) / 4)
      guard kernels.multipliesBytes else { return 2 * pixels >= 16 * tiles }
      // The weights are eight times those of the direct kernel: they must not come from memory for few tiles.
      return channels >= 32 && 4 * pixels >= 3 * 16 * tiles && shape.inputChannels < mostInputs
    }
  }

  private static let mostInputs = 256

  /// Whether all codes of a grid, counted from 0, are small enough for Winograd's algorithm in bytes.
  static func fitsBytes(_ grid: Grid, kernels: Kernels) -> Bool {
    Int(grid.highest - grid.lowest) <= kernels.codeWinogradMostCode(.bytes)
  }

  /// Whether the threads that share one image divide the output channels and not the rows.
  static func dividesChannels(_ shape: ConvolutionShape, threads: Int) -> Bool {
    shape.outputHeight * shape.outputWidth <= 256 && shape.outputChannels >= 64 * threads
  }
}
