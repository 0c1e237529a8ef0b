/// What turns 8-bit pixels into a network's input: value = (pixel / 255 - mean[c]) /
/// standardDeviation[c], as a table of all pixels of each channel.
struct PixelScaling: Sendable {
  private let channels: Int
  /// C x 256.
  private let values: [Float]
  /// C x 256: the codes of the values, where the first operation only rounds the image.
  private let codes: [UInt8]

  init(mean: [Float], standardDeviation: [Float], grid: Grid?) {
    channels = mean.count
    let values = zip(mean, standardDeviation).flatMap { mean, deviation in
      (0..<256).map { (Float($0) / 255 - mean) / deviation }
    }
    self.values = values
    codes = grid.map { grid in values.map { UInt8(grid.code($0) - Int(grid.lowest)) } } ?? []
  }

  /// Writes the values of an image H W C.
  func apply(_ pixels: UnsafePointer<UInt8>, count: Int, to output: UnsafeMutablePointer<Float>) {
    values.withUnsafeBufferPointer { PixelScaling.look($0, pixels, count, channels, output) }
  }

  /// Writes the codes of an image H W C.
  func apply(_ pixels: UnsafePointer<UInt8>, count: Int, to output: UnsafeMutablePointer<UInt8>) {
    codes.withUnsafeBufferPointer { PixelScaling.look($0, pixels, count, channels, output) }
  }

  @inline(__always)
  private static func look<Element>(
    _ table: UnsafeBufferPointer<Element>, _ pixels: UnsafePointer<UInt8>, _ count: Int,
    _ channels: Int, _ output: UnsafeMutablePointer<Element>
  ) {
    let table = table.baseAddress!
    if channels == 3 {
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
