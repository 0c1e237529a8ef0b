import DFQTensor

/// Which kernel computes a convolution.
enum KernelChoice {
  /// Whether Winograd's algorithm in bytes is the faster one for a shape, where its input has few bits.
  ///
  /// Against the direct kernel it is 1.1 to 1.2 times as fast with 16 channels, 1.4 to 1.5 with 32, 1.8
  /// with 64 and 2 with 256 (`dynadfq inspect --kernels`); odd sizes, which its tiles of 2x2 outputs do not
  /// fill, take that away where channels are few.
  static func prefersWinograd(_ shape: ConvolutionShape, kernels: Kernels) -> Bool {
    let fillsTiles = shape.outputHeight.isMultiple(of: 2) && shape.outputWidth.isMultiple(of: 2)
    return min(shape.inputChannels, shape.outputChannels) >= (fillsTiles ? 16 : 32)
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
