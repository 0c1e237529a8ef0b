public import DFQFiles
internal import CDFQCodecs

extension PixelImage {
  /// The image as a PNG file's bytes, gray or RGB of 8 bits; the same image always gives the same
  /// bytes.
  public func pngBytes() -> [UInt8] {
    var encoded = dfq_bytes()
    var message = CodecMessage()
    let status = message.collect { place in
      pixels.withUnsafeBufferPointer {
        dfq_encode_png($0.baseAddress, height, width, channels, &encoded, place)
      }
    }
    // A valid image can only fail for want of memory, where Swift's own allocations trap too.
    precondition(status == DFQ_OK, "PNG encoding failed: \(message.text)")
    defer { dfq_free(encoded.bytes) }
    return Array(UnsafeBufferPointer(start: encoded.bytes, count: encoded.count))
  }

  /// Writes the image as a PNG file so that a reader sees all of it or nothing; see ``AtomicFile``.
  /// - Throws: ``InterchangeError/cannotWrite(path:reason:)``.
  public func writePNG(to path: String) throws {
    try AtomicFile.write(pngBytes(), to: path)
  }
}
