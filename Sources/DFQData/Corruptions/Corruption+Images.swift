public import DFQFiles
import DFQTensor
import Foundation

extension Corruption {
  /// The image made worse.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - index: The image's place in its set; noise depends on it and on the seed only.
  ///   - seed: The seed of noise.
  /// - Returns: An image of the same shape.
  /// - Throws: ``InterchangeError/notAnImage(path:reason:)`` for an image that JPEG cannot hold.
  public func applied(
    to image: PixelImage, at index: Int = 0, seed: UInt64 = 0
  ) throws -> PixelImage {
    switch kind {
    case .jpeg:
      let bytes = try image.jpegBytes(quality: Int(constant))
      return try PixelImage(decoding: bytes, path: "\(self) of image \(index)")
    case .gaussianNoise:
      var stream = RandomStream(seed: seed, "corruption", kind.rawValue, strength, index)
      return image.with(
        values: image.pixels.map { Double($0) + 255 * constant * Double(stream.normal()) })
    case .gaussianBlur: return image.with(values: blurred(image))
    case .contrast: return image.with(values: flattened(image))
    }
  }

  /// Each value's distance from its channel's mean, times the constant.
  private func flattened(_ image: PixelImage) -> [Double] {
    let area = image.height * image.width
    let means = (0..<image.channels).map { channel in
      stride(from: channel, to: image.pixels.count, by: image.channels).reduce(0) {
        $0 + Int(image.pixels[$1])
      }
    }.map { Double($0) / Double(area) }
    return image.pixels.enumerated().map { place, value in
      let mean = means[place % image.channels]
      return (Double(value) - mean) * constant + mean
    }
  }

  /// Rows, then columns, with the weights of a normal distribution; beyond the border lies its nearest
  /// value.
  private func blurred(_ image: PixelImage) -> [Double] {
    let radius = Int(4 * constant + 0.5)
    let raw = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (constant * constant)) }
    let sum = raw.reduce(0, +)
    let weights = raw.map { $0 / sum }
    let (height, width, channels) = (image.height, image.width, image.channels)
    func along(
      _ values: [Double], count: Int, place: (_ row: Int, _ column: Int, _ moved: Int?) -> Int,
      position: (_ row: Int, _ column: Int) -> Int
    ) -> [Double] {
      var result = values
      for row in 0..<height {
        for column in 0..<width {
          let own = position(row, column)
          for channel in 0..<channels {
            var total = 0.0
            for offset in -radius...radius {
              let moved = min(max(own + offset, 0), count - 1)
              total +=
                weights[offset + radius] * values[place(row, column, moved) * channels + channel]
            }
            result[place(row, column, nil) * channels + channel] = total
          }
        }
      }
      return result
    }
    let values = image.pixels.map(Double.init)
    let rows = along(
      values, count: width, place: { $0 * width + ($2 ?? $1) }, position: { $1 })
    return along(
      rows, count: height, place: { ($2 ?? $0) * width + $1 }, position: { row, _ in row })
  }
}

extension PixelImage {
  /// An image of the same shape with values rounded to the nearest of 0...255.
  fileprivate func with(values: [Double]) -> PixelImage {
    PixelImage(
      height: height, width: width, channels: channels,
      pixels: values.map { UInt8(min(max($0, 0), 255).rounded()) })
  }
}
