/// Gathers the features of one site: each channel's mean, standard deviation or both over a grid of
/// positions, from values rounded to 8 bits of the output's range.
package struct SelectorFeatures: Sendable, Equatable {
  let channels: Int
  /// The sampled positions, as offsets of their first channel.
  let offsets: [Int]

  /// The statistics, in the order they are written.
  let kinds: [ChannelStatistic]

  /// Places the features of a value whose `extent` is its rows and columns.
  package init(kinds: [ChannelStatistic], channels: Int, extent: [Int], positions: Int) {
    self.kinds = kinds
    self.channels = channels
    // The centres of a positions x positions grid of cells.
    func centres(_ extent: Int) -> [Int] {
      let count = min(positions, extent)
      return (0..<count).map { (2 * $0 + 1) * extent / (2 * count) }
    }
    let columns = centres(extent[1])
    offsets = centres(extent[0]).flatMap { row in
      columns.map { (row * extent[1] + $0) * channels }
    }
  }

  /// Writes each kind of feature (C each); `levelsPerUnit` is that of the 8-bit grid, codes are
  /// clamped to -128...255.
  package func gather(
    _ value: UnsafePointer<Float>, levelsPerUnit: Float, into output: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * channels) { sums in
      sums.initialize(repeating: 0)
      addCodes(value, levelsPerUnit: levelsPerUnit, to: sums.baseAddress!)
      let count = Float(offsets.count)
      let step = 1 / levelsPerUnit
      for channel in 0..<channels {
        // Sums of integers below 2^24 are exact, so the order of positions does not matter.
        let mean = sums[channel] / count
        for (place, kind) in kinds.enumerated() {
          switch kind {
          case .mean: output[place * channels + channel] = mean * step
          case .deviation:
            let variance = max(sums[channels + channel] / count - mean * mean, 0)
            output[place * channels + channel] = variance.squareRoot() * step
          }
        }
      }
    }
  }

  /// Adds up codes and their squares (C each).
  private func addCodes(
    _ value: UnsafePointer<Float>, levelsPerUnit: Float, to sums: UnsafeMutablePointer<Float>
  ) {
    // Adding and subtracting 1.5 * 2^23 rounds half to even for magnitudes below 2^22, without a
    // library call.
    let magic: Float = 12_582_912
    for offset in offsets {
      let source = value + offset
      for channel in 0..<channels {
        let code = (min(max(source[channel] * levelsPerUnit, -128), 255) + magic) - magic
        sums[channel] += code
        sums[channels + channel] += code * code
      }
    }
  }
}
