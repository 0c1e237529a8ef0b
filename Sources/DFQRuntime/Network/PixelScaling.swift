import DFQTensor

/// What turns 8-bit pixels into a network's input: value = (pixel / 255 - mean[c]) /
/// standardDeviation[c], as a table of all pixels of each channel.
struct PixelScaling: Sendable {
  private let channels: Int
  /// C x 256.
  private let values: [Float]
  /// C x 256: the codes of the values, where the first operation only rounds the image.
  private let codes: [UInt8]
  /// The same codes as rounded multiples of the pixels, where that gives every entry of the table.
  private let multiples: Multiples?

  /// code = fma(pixel, scale, shift), rounded and clamped.
  private struct Multiples {
    /// The channels' factors and terms, repeated until whole vectors hold whole pixels.
    let scale: [Float]
    let shift: [Float]
    let highest: Float

    /// nil where another code than the table's would come out for some pixel.
    init?(mean: [Float], standardDeviation: [Float], grid: Grid, table: [UInt8]) {
      let levels = Double(grid.levelsPerUnit)
      let scale = standardDeviation.map { Float(levels / 255 / Double($0)) }
      let shift = zip(mean, standardDeviation).map { mean, deviation in
        Float(-levels * Double(mean) / Double(deviation) - Double(grid.zero + grid.lowest))
      }
      let highest = grid.highest - grid.lowest
      for (index, code) in table.enumerated() {
        let (channel, pixel) = (index / 256, Float(index % 256))
        let level = shift[channel].addingProduct(pixel, scale[channel])
        guard min(max(level, 0), highest).rounded(.toNearestOrEven) == Float(code) else {
          return nil
        }
      }
      self.scale = (0..<16).flatMap { _ in scale }
      self.shift = (0..<16).flatMap { _ in shift }
      self.highest = highest
    }
  }

  init(mean: [Float], standardDeviation: [Float], grid: Grid?) {
    channels = mean.count
    let values = zip(mean, standardDeviation).flatMap { mean, deviation in
      (0..<256).map { (Float($0) / 255 - mean) / deviation }
    }
    self.values = values
    let codes = grid.map { grid in values.map { UInt8(grid.code($0) - Int(grid.lowest)) } } ?? []
    self.codes = codes
    multiples = grid.flatMap {
      Multiples(mean: mean, standardDeviation: standardDeviation, grid: $0, table: codes)
    }
  }

  /// Writes the values of an image H W C.
  func apply(_ pixels: UnsafePointer<UInt8>, count: Int, to output: UnsafeMutablePointer<Float>) {
    values.withUnsafeBufferPointer { look($0, pixels, count, output) }
  }

  /// Writes the codes of an image H W C.
  func apply(
    _ pixels: UnsafePointer<UInt8>, count: Int, to output: UnsafeMutablePointer<UInt8>,
    kernels: Kernels
  ) {
    guard let multiples else {
      return codes.withUnsafeBufferPointer { look($0, pixels, count, output) }
    }
    multiples.scale.withUnsafeBufferPointer { scale in
      multiples.shift.withUnsafeBufferPointer { shift in
        kernels.codes(
          ofBytes: pixels, count: count, scale: scale, shift: shift, highest: multiples.highest,
          codes: output)
      }
    }
  }

  private func look<Element>(
    _ table: UnsafeBufferPointer<Element>, _ pixels: UnsafePointer<UInt8>, _ count: Int,
    _ output: UnsafeMutablePointer<Element>
  ) {
    let table = table.baseAddress!
    if channels == 3 {
      // Without an inner loop.
      for pixel in stride(from: 0, to: count, by: 3) {
        output[pixel] = table[Int(pixels[pixel])]
        output[pixel + 1] = table[256 + Int(pixels[pixel + 1])]
        output[pixel + 2] = table[512 + Int(pixels[pixel + 2])]
      }
      return
    }
    for first in stride(from: 0, to: count, by: channels) {
      for channel in 0..<channels {
        output[first + channel] = table[channel * 256 + Int(pixels[first + channel])]
      }
    }
  }
}
