extension PixelImage {
  /// The image at another size, with the antialiased bilinear filter of Pillow's `resize(...,
  /// BILINEAR)`.
  ///
  /// Networks are evaluated on pictures that Pillow has resized, so this follows it bit for bit:
  /// the triangle's width grows with the reduction, the weights are fixed-point numbers of 22 bits,
  /// the columns are resized before the rows, and the values between the two passes are rounded to
  /// 8 bits.
  public func resized(height newHeight: Int, width newWidth: Int) -> PixelImage {
    precondition(newHeight > 0 && newWidth > 0, "an image needs at least one pixel")
    var result = pixels
    if newWidth != width {
      result = Self.resampled(
        result, outer: height, length: width, inner: channels, to: newWidth)
    }
    if newHeight != height {
      result = Self.resampled(
        result, outer: 1, length: height, inner: newWidth * channels, to: newHeight)
    }
    return PixelImage(height: newHeight, width: newWidth, channels: channels, pixels: result)
  }

  /// The image with its shorter side at `shortSide` pixels and the longer one in proportion, cut to
  /// whole pixels as torchvision's `Resize` does.
  public func resized(shortSide: Int) -> PixelImage {
    height <= width
      ? resized(height: shortSide, width: max(1, shortSide * width / height))
      : resized(height: max(1, shortSide * height / width), width: shortSide)
  }

  /// Resizes the middle dimension of values laid out as outer x length x inner.
  private static func resampled(
    _ source: [UInt8], outer: Int, length: Int, inner: Int, to newLength: Int
  ) -> [UInt8] {
    let taps = TriangleFilter(from: length, to: newLength)
    return [UInt8](unsafeUninitializedCapacity: outer * newLength * inner) { target, filled in
      source.withUnsafeBufferPointer { source in
        var sums = [Int32](repeating: 0, count: inner)
        sums.withUnsafeMutableBufferPointer { sums in
          for block in 0..<outer {
            for position in 0..<newLength {
              sums.update(repeating: TriangleFilter.half)
              for (tap, weight) in taps.weights[position].enumerated() {
                let start = (block * length + taps.starts[position] + tap) * inner
                for i in 0..<inner { sums[i] &+= weight &* Int32(source[start + i]) }
              }
              let start = (block * newLength + position) * inner
              for i in 0..<inner {
                let value = sums[i] >> TriangleFilter.precision
                target[start + i] = UInt8(clamping: value)
              }
            }
          }
        }
      }
      filled = target.count
    }
  }
}

/// For every position of a resized line the first source position and the fixed-point weights from
/// there.
internal struct TriangleFilter {
  /// The fraction bits of a weight: 32 without the 8 of a value and 2 for the sign and an
  /// overshoot.
  static let precision: Int32 = 22
  /// One half, so that the final shift rounds.
  static let half: Int32 = 1 << 21

  private(set) var starts: [Int] = []
  private(set) var weights: [[Int32]] = []

  init(from length: Int, to newLength: Int) {
    let scale = Double(length) / Double(newLength)
    let support = max(scale, 1)
    for position in 0..<newLength {
      let center = (Double(position) + 0.5) * scale
      let first = max(0, Int(center - support + 0.5))
      let end = min(length, Int(center + support + 0.5))
      let raw = (first..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) / support)) }
      let sum = raw.reduce(0, +)
      starts.append(first)
      weights.append(raw.map { Int32(0.5 + (sum == 0 ? $0 : $0 / sum) * 0x1p22) })
    }
  }
}
