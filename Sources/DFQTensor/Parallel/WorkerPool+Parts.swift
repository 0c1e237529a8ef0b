extension WorkerPool {
  /// Calls `body` for consecutive parts of 0..<count of at most `size` elements.
  ///
  /// Use it for elementwise work that is limited by memory bandwidth.
  package func forEachPart(
    of count: Int, size: Int = 1 << 15, _ body: @Sendable (_ part: Range<Int>) -> Void
  ) {
    forEach((count + size - 1) / size) { piece, _ in
      body(piece * size..<min((piece + 1) * size, count))
    }
  }
}
