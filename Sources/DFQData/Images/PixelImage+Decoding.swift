public import DFQFiles
internal import CDFQCodecs

extension PixelImage {
  /// The largest accepted image file in bytes: 256 MiB.
  internal static let fileLimit = 256 << 20

  /// Reads a JPEG or PNG file of at most 64 Mi pixels; see ``init(decoding:path:)``.
  /// - Throws: ``InterchangeError/cannotOpen(path:reason:)``,
  ///   ``InterchangeError/notAnImage(path:reason:)``,
  ///   ``InterchangeError/tooLarge(path:what:limit:found:)``.
  public init(contentsOf path: String) throws {
    try self.init(decoding: FileContents.read(path, limit: Self.fileLimit), path: path)
  }

  /// Decodes JPEG or PNG from memory.
  ///
  /// The format is told by the first bytes, not by a name. Gray files give 1 channel, all others 3.
  /// PNG values of 16 bits are scaled to 8, those below 8 bits are spread to 0...255, and alpha is
  /// dropped as Pillow's `convert("RGB")` does. CMYK JPEGs become RGB. Data lost in a JPEG (an
  /// early end, broken codes) is an error, where other readers paint gray. Colour profiles and EXIF
  /// orientation are not applied. `path` is a name for messages.
  /// - Throws: ``InterchangeError/notAnImage(path:reason:)``; over ``pixelLimit`` pixels, before
  ///   they are allocated, ``InterchangeError/tooLarge(path:what:limit:found:)``.
  public init(decoding bytes: [UInt8], path: String = "memory") throws {
    var image = dfq_image()
    var message = CodecMessage()
    let isJPEG = bytes.starts(with: [0xff, 0xd8, 0xff])
    guard isJPEG || bytes.starts(with: [0x89, 0x50, 0x4e, 0x47]) else {
      throw InterchangeError.notAnImage(path: path, reason: "neither JPEG nor PNG begins like this")
    }
    let decode = isJPEG ? dfq_decode_jpeg : dfq_decode_png
    let status = message.collect { place in
      bytes.withUnsafeBufferPointer {
        decode($0.baseAddress, $0.count, PixelImage.pixelLimit, &image, place)
      }
    }
    defer { dfq_free(image.pixels) }
    switch status {
    case DFQ_OK:
      let count = image.height * image.width * image.channels
      self.init(
        height: image.height, width: image.width, channels: image.channels,
        pixels: Array(UnsafeBufferPointer(start: image.pixels, count: count)))
    case DFQ_TOO_LARGE:
      let (found, overflow) = image.height.multipliedReportingOverflow(by: image.width)
      throw InterchangeError.tooLarge(
        path: path, what: "number of pixels", limit: Self.pixelLimit, found: overflow ? .max : found
      )
    case DFQ_NO_MEMORY:
      throw InterchangeError.notAnImage(path: path, reason: "out of memory")
    default:
      throw InterchangeError.notAnImage(path: path, reason: message.text)
    }
  }
}
