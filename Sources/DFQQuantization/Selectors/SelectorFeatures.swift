import DFQTensor

/// The features of one map: each channel's mean and standard deviation over a grid of positions, from values rounded to
/// 8 bits of the point's range.
struct SelectorFeatures: Sendable, Equatable {
  let channels: Int
  /// The sampled positions, as offsets of their first channel.
  let offsets: [Int]

  init(shape: Shape, positions: Int) {
    channels = shape.dimensions.last!
    guard shape.rank == 3 else {
      offsets = [0]
      return
    }
    // The centres of a positions x positions grid of cells.
    func centres(_ extent: Int) -> [Int] {
      let count = min(positions, extent)
      return (0..<count).map { (2 * $0 + 1) * extent / (2 * count) }
    }
    let columns = centres(shape[1])
    offsets = centres(shape[0]).flatMap { row in
      columns.map { (row * shape[1] + $0) * shape[2] }
    }
  }

  /// Writes means, then deviations (C each); `levelsPerUnit` is that of the 8-bit grid, codes are clamped to -128...255.
  func gather(
    _ value: UnsafePointer<Float>, levelsPerUnit: Float, into output: UnsafeMutablePointer<Float>
  ) {
    let count = Float(offsets.count)
    for channel in 0..<channels {
      output[channel] = 0
      output[channels + channel] = 0
    }
    // Adding and subtracting 1.5 * 2^23 rounds half to even for magnitudes below 2^22, without a library call.
    let magic: Float = 12_582_912
    for offset in offsets {
      let source = value + offset
      for channel in 0..<channels {
        let code = (min(max(source[channel] * levelsPerUnit, -128), 255) + magic) - magic
        output[channel] += code
        output[channels + channel] += code * code
      }
    }
    let step = 1 / levelsPerUnit
    for channel in 0..<channels {
      // Sums of integers below 2^24 are exact, so the order of positions does not matter.
      let mean = output[channel] / count
      let variance = max(output[channels + channel] / count - mean * mean, 0)
      output[channel] = mean * step
      output[channels + channel] = variance.squareRoot() * step
    }
  }
}
