import DFQTensor

/// Which kernel computes a convolution.
enum KernelChoice {
  /// Whether Winograd's algorithm in bytes is the faster one for a shape, where its input has few bits.
  static func prefersWinograd(_ shape: ConvolutionShape, kernels: Kernels) -> Bool {
    kernels.codeWinogradWeightByteCount(shape) > 0
  }

  /// Whether all codes of a grid, counted from 0, are small enough for it.
  static func fitsWinograd(_ grid: Grid, kernels: Kernels) -> Bool {
    Int(grid.highest - grid.lowest) <= kernels.codeWinogradMostCode
  }

  /// Whether the threads that share one image divide the output channels and not the rows.
  static func dividesChannels(_ shape: ConvolutionShape, threads: Int) -> Bool {
    shape.outputHeight * shape.outputWidth <= 256 && shape.outputChannels >= 64 * threads
  }
}
