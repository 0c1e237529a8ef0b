import DFQTensor

/// How threads that share one image divide a convolution.
enum KernelChoice {
  /// Whether they divide the output channels and not the rows.
  static func dividesChannels(_ shape: ConvolutionShape, threads: Int) -> Bool {
    shape.outputHeight * shape.outputWidth <= 256 && shape.outputChannels >= 64 * threads
  }

  /// The rows of the output that a thread computes where threads do not divide the channels, for an input of the bits that the constants
  /// belong to.
  ///
  /// Winograd's algorithms compute several rows together, the other kernels one by one.
  static func rows(
    _ shape: ConvolutionShape, _ constants: PreparedConvolution.Constants, team: Team, member: Int
  ) -> Range<Int> {
    team.share(
      shape.outputHeight, unit: constants.winograd?.algorithm.rows ?? 1, member: member)
  }

  /// The rows of the output that each thread computes whatever the bits of the input are; nil where threads divide the channels.
  static func ownRows(of convolution: PreparedConvolution, threads: Int) -> [Range<Int>]? {
    let shape = convolution.shape
    if !convolution.isDepthwise, dividesChannels(shape, threads: threads) { return nil }
    let team = Team(count: threads)
    let constants = convolution.banks.buffer.flatMap(\.constants.buffer)
    return (0..<threads).map { member in
      constants.reduce(0..<shape.outputHeight) {
        $0.clamped(to: rows(shape, $1, team: team, member: member))
      }
    }
  }
}
