#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Floats aligned to cache lines, owned by one executor and reused by every pass.
final class FloatBuffer: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  /// From this size on, memory is asked for in large pages, which cost fewer translations.
  private static let largePage = 2 << 20

  init(_ count: Int) {
    let bytes = max(count, 16) * 4
    let isLarge = bytes >= 2 * FloatBuffer.largePage
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: bytes, alignment: isLarge ? FloatBuffer.largePage : 64)
    #if os(Linux)
      if isLarge { madvise(raw, bytes, MADV_HUGEPAGE) }
    #endif
    start = raw.bindMemory(to: Float.self, capacity: max(count, 16))
    self.count = count
    clear()
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  func clear() { start.update(repeating: 0, count: count) }
}
