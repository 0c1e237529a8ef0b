import DFQTensor

/// Which kernel computes a convolution.
enum KernelChoice {
  /// Whether all codes of a grid, counted from 0, are small enough for Winograd's algorithm in bytes.
  static func fitsBytes(_ grid: Grid, kernels: Kernels) -> Bool {
    Int(grid.highest - grid.lowest) <= kernels.codeWinogradMostCode(.bytes)
  }

  /// Whether the threads that share one image divide the output channels and not the rows.
  static func dividesChannels(_ shape: ConvolutionShape, threads: Int) -> Bool {
    shape.outputHeight * shape.outputWidth <= 256 && shape.outputChannels >= 64 * threads
  }
}
