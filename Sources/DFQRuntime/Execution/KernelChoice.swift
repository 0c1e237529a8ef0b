import DFQTensor

/// Which kernel computes a convolution.
enum KernelChoice {
  /// Whether Winograd's algorithm in bytes is the faster one for a shape, where its input has few bits.
  ///
  /// With 16 channels its transforms take longer than the products that it saves: 0.9 of the direct
  /// kernel's speed, 1.4 times with 32 channels, 1.7 with 64 and 2 with 256 (`dynadfq inspect
  /// --kernels`).
  static func prefersWinograd(_ shape: ConvolutionShape, kernels: Kernels) -> Bool {
    min(shape.inputChannels, shape.outputChannels) >= 32
      && kernels.codeWinogradWeightByteCount(shape) > 0
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
