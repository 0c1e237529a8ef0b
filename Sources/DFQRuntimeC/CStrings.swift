/// Texts that end with a zero byte and stay where they are.
final class CStrings: @unchecked Sendable {
  private let texts: [UnsafeMutablePointer<CChar>]

  init(_ texts: [String]) {
    self.texts = texts.map { text in
      let bytes = text.utf8CString
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      bytes.withUnsafeBufferPointer { copy.update(from: $0.baseAddress!, count: $0.count) }
      return copy
    }
  }

  deinit { for text in texts { text.deallocate() } }

  /// The text at an index, nil where there is none.
  subscript(index: Int32) -> UnsafePointer<CChar>? {
    texts.indices.contains(Int(index)) ? UnsafePointer(texts[Int(index)]) : nil
  }
}
