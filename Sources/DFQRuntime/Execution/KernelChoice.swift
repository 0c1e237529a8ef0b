import DFQTensor

/// How threads that share one image divide a convolution.
enum KernelChoice {
  /// The part of the output that a thread computes.
  enum Share {
    case rows(Range<Int>)
    case channels(Range<Int>)
  }

  /// Divides the output of a convolution, for an input of the bits that the constants belong to: its rows, or its channels where a
  /// thread then has much less to read.
  ///
  /// Winograd's algorithms compute several rows together, the other kernels one by one.
  static func share(
    _ convolution: PreparedConvolution, _ constants: PreparedConvolution.Constants, team: Team,
    member: Int
  ) -> Share {
    let shape = convolution.shape
    let algorithm = constants.winograd?.algorithm
    if !convolution.isDepthwise,
      dividesChannels(shape, algorithm: algorithm, threads: team.count)
    {
      return .channels(
        team.share(shape.outputChannels, unit: block(algorithm), member: member))
    }
    return .rows(team.share(shape.outputHeight, unit: algorithm?.tile.rows ?? 1, member: member))
  }

  /// Late layers have more weights than values.
  ///
  /// Tiles of four rows also leave threads without work where there is no equal number of them for each.
  private static func dividesChannels(
    _ shape: ConvolutionShape, algorithm: CodeWinograd?, threads: Int
  ) -> Bool {
    guard shape.outputChannels >= block(algorithm) * threads else { return false }
    let pixels = shape.outputHeight * shape.outputWidth
    if pixels <= 256, shape.outputChannels >= 64 * threads { return true }
    guard algorithm?.tile.rows == 4 else { return false }
    let tileRows = (shape.outputHeight + 3) / 4
    return pixels <= 1024 && (tileRows <= threads || !tileRows.isMultiple(of: threads))
  }

  /// The output channels that a kernel computes together at most.
  private static func block(_ algorithm: CodeWinograd?) -> Int {
    algorithm == .bytes4x4 || algorithm == .bytes4x2 || algorithm == .bytesStride2 ? 32 : 64
  }

  /// The rows of the output that each thread computes whatever the bits of the input are; nil where threads may divide the channels.
  static func ownRows(of convolution: PreparedConvolution, threads: Int) -> [Range<Int>]? {
    let team = Team(count: threads)
    let constants = convolution.banks.buffer.flatMap(\.constants.buffer)
    var rows: [Range<Int>] = []
    for member in 0..<threads {
      var own = 0..<convolution.shape.outputHeight
      for constants in constants {
        guard case .rows(let rows) = share(convolution, constants, team: team, member: member)
        else { return nil }
        own = own.clamped(to: rows)
      }
      rows.append(own)
    }
    return rows
  }
}
