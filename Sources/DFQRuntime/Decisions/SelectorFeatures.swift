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
    var (means, deviations): (UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?)
    for (place, kind) in kinds.enumerated() {
      switch kind {
      case .mean: means = output + place * channels
      case .deviation: deviations = output + place * channels
      }
    }
    kernels.sampledStatistics(
      x: value, offsets: offsets, channels: channels, levelsPerUnit: levelsPerUnit, means: means,
      deviations: deviations)
  }
}
