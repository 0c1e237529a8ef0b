import DFQFiles
internal import CDFQCodecs

/// Decompression of gzip files.
public enum Gzip {
  /// Whether bytes begin as every gzip file does.
  public static func isCompressed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

  /// The plain bytes of a gzip file's members, at most `limit` of them.
  ///
  /// The bound holds during decompression: a small file that would expand without end costs no more
  /// memory. `path` is the file's name for messages.
  /// Throws ``InterchangeError/malformed(path:what:expected:found:)`` for damaged or shortened data,
  /// ``InterchangeError/tooLarge(path:what:limit:found:)``.
  public static func decompressed(
    _ bytes: [UInt8], limit: Int, path: String
  ) throws -> [UInt8] {
    var plain = dfq_bytes()
    var message = CodecMessage()
    let status = message.collect { place in
      bytes.withUnsafeBufferPointer { dfq_gunzip($0.baseAddress, $0.count, limit, &plain, place) }
    }
    defer { dfq_free(plain.bytes) }
    switch status {
    case DFQ_OK:
      return Array(UnsafeBufferPointer(start: plain.bytes, count: plain.count))
    case DFQ_TOO_LARGE:
      throw InterchangeError.tooLarge(
        path: path, what: "decompressed size in bytes", limit: limit, found: limit + 1)
    case DFQ_NO_MEMORY:
      throw InterchangeError.cannotOpen(path: path, reason: "out of memory")
    default:
      throw InterchangeError.malformed(
        path: path, what: "compressed data", expected: "gzip", found: message.text)
    }
  }
}

/// The reason that a C codec gives for a failure.
internal struct CodecMessage {
  private(set) var text = "damaged data"

  /// Runs a codec with a place for its message and keeps what it wrote there.
  mutating func collect(_ body: (dfq_message) -> dfq_status) -> dfq_status {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      buffer.initialize(repeating: 0)
      let status = body(dfq_message(text: buffer.baseAddress, capacity: buffer.count))
      if buffer[0] != 0, let start = buffer.baseAddress { text = String(cString: start) }
      return status
    }
  }
}
