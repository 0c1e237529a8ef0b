/// An 8-bit gray or RGB image, H W C.
public struct PixelImage: Sendable, Equatable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// 1 for gray, 3 for RGB.
  public let channels: Int
  /// The values 0...255 in the order H W C.
  public package(set) var pixels: [UInt8]

  /// The largest number of pixels (height x width) accepted from a file: 64 Mi.
  public static let pixelLimit = 64 << 20

  /// Makes an image from its values in the order H W C; extents must be positive and channels 1 or
  /// 3.
  public init(height: Int, width: Int, channels: Int, pixels: [UInt8]) {
    precondition(height > 0 && width > 0, "an image needs at least one pixel")
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels, not \(channels)")
    precondition(
      pixels.count == height * width * channels,
      "\(pixels.count) values do not fill an image of \(height)x\(width)x\(channels)")
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
  }

  /// Makes an image with every value equal to `value`.
  public init(height: Int, width: Int, channels: Int, repeating value: UInt8) {
    self.init(
      height: height, width: width, channels: channels,
      pixels: [UInt8](repeating: value, count: height * width * channels))
  }

  /// The value of a channel at a row and a column.
  public subscript(row: Int, column: Int, channel: Int) -> UInt8 {
    pixels[(row * width + column) * channels + channel]
  }

  /// The image with 1 or 3 channels; gray is ITU-R 601 luma, rounded as Pillow does.
  public func converted(toChannels count: Int) -> PixelImage {
    precondition(count == 1 || count == 3, "an image has 1 or 3 channels, not \(count)")
    if count == channels { return self }
    var result: [UInt8] = []
    result.reserveCapacity(height * width * count)
    if count == 3 {
      for value in pixels { for _ in 0..<3 { result.append(value) } }
    } else {
      for start in stride(from: 0, to: pixels.count, by: 3) {
        let red = Int(pixels[start]) * 19595
        let green = Int(pixels[start + 1]) * 38470
        let blue = Int(pixels[start + 2]) * 7471
        result.append(UInt8((red + green + blue + 0x8000) >> 16))
      }
    }
    return PixelImage(height: height, width: width, channels: count, pixels: result)
  }

  /// The part of `height` x `width` pixels that begins at a row and a column; it must lie inside.
  public func cropped(top: Int, left: Int, height: Int, width: Int) -> PixelImage {
    precondition(
      top >= 0 && left >= 0 && height > 0 && width > 0 && top + height <= self.height
        && left + width <= self.width,
      "a crop of \(height)x\(width) at \(top),\(left) leaves \(self.height)x\(self.width)")
    var result: [UInt8] = []
    result.reserveCapacity(height * width * channels)
    for row in top..<top + height {
      let start = (row * self.width + left) * channels
      result.append(contentsOf: pixels[start..<start + width * channels])
    }
    return PixelImage(height: height, width: width, channels: channels, pixels: result)
  }

  /// The middle of the image; the extents must not pass its own.
  ///
  /// Halves of a pixel are rounded to even as torchvision's `CenterCrop` does.
  public func centerCropped(height: Int, width: Int) -> PixelImage {
    let top = (Double(self.height - height) / 2).rounded(.toNearestOrEven)
    let left = (Double(self.width - width) / 2).rounded(.toNearestOrEven)
    return cropped(top: Int(top), left: Int(left), height: height, width: width)
  }
}
