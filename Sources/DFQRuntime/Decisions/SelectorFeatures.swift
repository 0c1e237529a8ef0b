package import DFQTensor

/// Gathers the features of one site: each channel's mean, standard deviation or both over a grid of
/// positions, from values rounded to 8 bits of the output's range.
package struct SelectorFeatures: Sendable, Equatable {
  let channels: Int
  /// The sampled positions, as offsets of their first channel.
  let offsets: [Int32]

  /// The statistics, in the order they are written.
  let kinds: [ChannelStatistic]

  /// Places the features of a value whose `extent` is its rows and columns.
  package init(kinds: [ChannelStatistic], channels: Int, extent: [Int], positions: Int) {
    self.kinds = kinds
    self.channels = channels
    let columns = Self.centres(extent[1], positions: positions)
    offsets = Self.centres(extent[0], positions: positions).flatMap { row in
      columns.map { Int32((row * extent[1] + $0) * channels) }
    }
  }

  /// The sampled rows (or columns) of an extent: the centres of `positions` cells of equal size, or all.
  package static func centres(_ extent: Int, positions: Int) -> [Int] {
    let count = min(positions, extent)
    return (0..<count).map { (2 * $0 + 1) * extent / (2 * count) }
  }

  /// Writes each kind of feature (C each); `levelsPerUnit` is that of the 8-bit grid, codes are
  /// clamped to -128...255.
  package func gather(
    _ value: UnsafePointer<Float>, levelsPerUnit: Float, kernels: Kernels,
    into output: UnsafeMutablePointer<Float>
  ) {
    offsets.withUnsafeBufferPointer { offsets in
      kinds.withUnsafeBufferPointer { kinds in
        SelectorFeatures.gather(
          value, offsets: offsets, kinds: kinds, channels: channels, levelsPerUnit: levelsPerUnit,
          kernels: kernels, into: output)
      }
    }
  }

  /// The same of features in memory that is not counted.
  static func gather(
    _ value: UnsafePointer<Float>, offsets: UnsafeBufferPointer<Int32>,
    kinds: UnsafeBufferPointer<ChannelStatistic>, channels: Int, levelsPerUnit: Float,
    kernels: Kernels, into output: UnsafeMutablePointer<Float>
  ) {
    let (means, deviations) = places(of: kinds, channels: channels, in: output)
    kernels.sampledStatistics(
      x: value, offsets: offsets, channels: channels, levelsPerUnit: levelsPerUnit, means: means,
      deviations: deviations)
  }

  /// Where each kind of feature is written, nil for those that are not.
  static func places(
    of kinds: UnsafeBufferPointer<ChannelStatistic>, channels: Int,
    in output: UnsafeMutablePointer<Float>
  ) -> (means: UnsafeMutablePointer<Float>?, deviations: UnsafeMutablePointer<Float>?) {
    var (means, deviations): (UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?)
    for (place, kind) in kinds.enumerated() {
      switch kind {
      case .mean: means = output + place * channels
      case .deviation: deviations = output + place * channels
      }
    }
    return (means, deviations)
  }

  /// Writes each kind of feature of the value as it is rounded to `grid`.
  package func gather(
    _ value: UnsafePointer<Float>, roundedTo grid: Grid, kernels: Kernels,
    into output: UnsafeMutablePointer<Float>
  ) {
    let beside = offsets.indices.map { Int32($0 * channels) }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: offsets.count * channels) { codes in
      let start = codes.baseAddress!
      for (place, offset) in zip(beside, offsets) {
        kernels.quantizeCodes(
          x: value + Int(offset), count: channels, levelsPerUnit: grid.levelsPerUnit,
          zero: grid.zero, minimum: grid.lowest, maximum: grid.highest, codes: start + Int(place))
      }
      beside.withUnsafeBufferPointer { offsets in
        kinds.withUnsafeBufferPointer { kinds in
          SelectorFeatures.gather(
            start, grid: grid, offsets: offsets, kinds: kinds, channels: channels,
            kernels: kernels, into: output)
        }
      }
    }
  }

  /// The features of codes, in units of the value that they stand for.
  static func gather(
    _ codes: UnsafePointer<UInt8>, grid: Grid, offsets: UnsafeBufferPointer<Int32>,
    kinds: UnsafeBufferPointer<ChannelStatistic>, channels: Int, kernels: Kernels,
    into output: UnsafeMutablePointer<Float>
  ) {
    let (means, deviations) = places(of: kinds, channels: channels, in: output)
    kernels.sampledStatistics(
      codes: codes, codeOffset: grid.offset, offsets: offsets, channels: channels,
      levelsPerUnit: grid.levelsPerUnit, means: means, deviations: deviations)
  }
}
