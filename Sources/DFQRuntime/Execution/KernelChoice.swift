import DFQTensor

/// How threads that share one image divide a convolution.
enum KernelChoice {
  /// Whether they divide the output channels and not the rows.
  static func dividesChannels(_ shape: ConvolutionShape, threads: Int) -> Bool {
    shape.outputHeight * shape.outputWidth <= 256 && shape.outputChannels >= 64 * threads
  }

  /// The rows of the output that each thread computes whatever the bits of the input are; nil where threads divide the channels.
  static func ownRows(of convolution: PreparedConvolution, threads: Int) -> [Range<Int>]? {
    let shape = convolution.shape
    if !convolution.isDepthwise, dividesChannels(shape, threads: threads) { return nil }
    let team = Team(count: threads)
    // Winograd's algorithms compute several rows together, the direct kernels one by one.
    let constants = convolution.banks.buffer.flatMap(\.constants.buffer)
    let units = Set(constants.map { $0.winograd?.algorithm.rows ?? 1 })
    return (0..<threads).map { member in
      units.map { team.share(shape.outputHeight, unit: $0, member: member) }
        .reduce(0..<shape.outputHeight) { $0.clamped(to: $1) }
    }
  }
}
