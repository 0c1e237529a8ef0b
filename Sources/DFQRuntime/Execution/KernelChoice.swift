import DFQTensor

/// How threads that share one image divide a convolution.
enum KernelChoice {
  /// Whether they divide the output channels and not the rows.
  static func dividesChannels(_ shape: ConvolutionShape, threads: Int) -> Bool {
    shape.outputHeight * shape.outputWidth <= 256 && shape.outputChannels >= 64 * threads
  }
}
