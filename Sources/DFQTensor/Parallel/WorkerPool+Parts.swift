extension WorkerPool {
  /// Calls `body` for the parts of 0..<count, none longer than `size`: elementwise work that is
  /// bound by memory, which two cores read faster than one.
  package func forEachPart(
    of count: Int, size: Int = 1 << 15, _ body: @Sendable (_ part: Range<Int>) -> Void
  ) {
    forEach((count + size - 1) / size) { piece, _ in
      body(piece * size..<min((piece + 1) * size, count))
    }
  }
}
