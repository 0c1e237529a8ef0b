public import DFQFiles
internal import CDFQCodecs

extension PixelImage {
  /// The image as a JPEG file's bytes, gray or RGB, with libjpeg's defaults: baseline, colours at half
  /// the resolution.
  ///
  /// The same image gives the same bytes wherever libjpeg is of one version.
  ///
  /// - Parameter quality: The quality in 1...100.
  /// - Returns: The bytes of the file.
  /// - Throws: ``InterchangeError/malformed(path:what:expected:found:)`` for another quality,
  ///   ``InterchangeError/notAnImage(path:reason:)`` for an image that JPEG cannot hold (an extent
  ///   above 65500).
  public func jpegBytes(quality: Int) throws -> [UInt8] {
    guard (1...100).contains(quality) else {
      throw InterchangeError.malformed(
        path: "JPEG", what: "quality", expected: "1...100", found: "\(quality)")
    }
    var encoded = dfq_bytes()
    var message = CodecMessage()
    let status = message.collect { place in
      pixels.withUnsafeBufferPointer {
        dfq_encode_jpeg(
          $0.baseAddress, height, width, channels, Int32(quality), &encoded, place)
      }
    }
    guard status == DFQ_OK else {
      let reason = status == DFQ_TOO_LARGE ? "\(height)x\(width) is too large" : message.text
      throw InterchangeError.notAnImage(path: "JPEG", reason: reason)
    }
    defer { dfq_free(encoded.bytes) }
    return Array(UnsafeBufferPointer(start: encoded.bytes, count: encoded.count))
  }
}
