/// The text about an error, in memory of the caller.
struct Message {
  private let start: UnsafeMutablePointer<CChar>?
  private let size: Int

  /// - Parameters:
  ///   - start: The caller's memory, or nil.
  ///   - size: Its bytes. A `size_t` beyond `Int.max` comes as a negative number; no memory is that
  ///     large, and none is written.
  init(_ start: UnsafeMutablePointer<CChar>?, size: Int) {
    self.start = start
    self.size = size
    write("")
  }

  /// Writes as many whole characters as fit, and a zero byte.
  func write(_ text: String) {
    guard let start, size > 0 else { return }
    var end = 0
    for scalar in text.unicodeScalars {
      let bytes = UTF8.encode(scalar)!
      guard end + bytes.count < size else { break }
      for byte in bytes {
        start[end] = CChar(bitPattern: byte)
        end += 1
      }
    }
    start[end] = 0
  }
}
