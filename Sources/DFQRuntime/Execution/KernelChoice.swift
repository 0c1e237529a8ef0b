import DFQTensor

/// How threads that share one image divide a convolution.
enum KernelChoice {
  /// The part of the output that a thread computes.
  enum Share {
    case rows(Range<Int>)
    case channels(Range<Int>)
    /// Rows, of which the first and the last row of tiles may belong to two threads: the thread begins and ends at these columns of tiles.
    case tiles(Range<Int>, columns: (first: Int, end: Int))
  }

  /// Divides the output of a convolution, for an input of the bits that the constants belong to: its rows, or its channels where a
  /// thread then has much less to read.
  ///
  /// Winograd's algorithms compute several rows together, the other kernels one by one. Where there is no equal number of rows of
  /// tiles for each thread, tiles are divided.
  static func share(
    _ convolution: PreparedConvolution, _ constants: PreparedConvolution.Constants, team: Team,
    member: Int
  ) -> Share {
    let shape = convolution.shape
    let algorithm = constants.winograd?.algorithm
    if !convolution.isDepthwise, dividesChannels(shape, algorithm, threads: team.count) {
      return .channels(
        team.share(shape.outputChannels, unit: block(algorithm), member: member))
    }
    let height = shape.outputHeight
    let tile = algorithm?.tile ?? (rows: 1, columns: 1)
    let tileRows = (height + tile.rows - 1) / tile.rows
    guard algorithm != nil, !tileRows.isMultiple(of: team.count) else {
      return .rows(team.share(height, unit: tile.rows, member: member))
    }
    let columns = (shape.outputWidth + tile.columns - 1) / tile.columns
    let tiles = team.share(tileRows * columns, unit: 1, member: member)
    guard let last = tiles.last else { return .rows(0..<0) }
    return .tiles(
      tiles.lowerBound / columns * tile.rows..<min((last / columns + 1) * tile.rows, height),
      columns: (tiles.lowerBound % columns, last % columns + 1))
  }

  /// Late layers have more weights than values.
  private static func dividesChannels(
    _ shape: ConvolutionShape, _ algorithm: CodeWinograd?, threads: Int
  ) -> Bool {
    shape.outputHeight * shape.outputWidth <= 64
      && shape.outputChannels >= max(block(algorithm), 64) * threads
  }

  /// The output channels that a kernel computes together at most.
  private static func block(_ algorithm: CodeWinograd?) -> Int {
    algorithm == .bytes4x4 || algorithm == .bytes4x2 || algorithm == .bytesStride2 ? 32 : 64
  }

  /// The rows of the output that each thread computes whatever the bits of the input are; nil where threads may divide channels or tiles.
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
