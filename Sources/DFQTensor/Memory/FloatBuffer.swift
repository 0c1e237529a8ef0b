#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Floats aligned to cache lines, zero at first, owned by one executor and reused by every pass.
package final class FloatBuffer: @unchecked Sendable {
  package let start: UnsafeMutablePointer<Float>
  package let count: Int
  /// The bytes mapped for it alone; 0 for memory of the allocator.
  private let mapped: Int

  /// From twice this size on, memory is asked for in large pages, which cost fewer translations.
  private static let largePage = 2 << 20

  package init(_ count: Int) {
    let bytes = max(count, 16) * 4
    let pages = FloatBuffer.largePages(bytes)
    mapped = pages.bytes
    let raw = pages.start ?? UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    start = raw.bindMemory(to: Float.self, capacity: max(count, 16))
    self.count = count
    if mapped == 0 { clear() }
  }

  deinit {
    #if os(Linux)
      if mapped > 0 {
        munmap(start, mapped)
        return
      }
    #endif
    UnsafeMutableRawPointer(start).deallocate()
  }

  package func clear() { start.update(repeating: 0, count: count) }

  /// Fresh large pages, which are zero and take no memory until they are used; none where the
  /// system has none or the size is too small.
  private static func largePages(_ bytes: Int) -> (start: UnsafeMutableRawPointer?, bytes: Int) {
    #if os(Linux)
      guard bytes >= 2 * largePage else { return (nil, 0) }
      let size = (bytes + largePage - 1) / largePage * largePage
      // One page more, to begin at the start of a page.
      let all = mmap(
        nil, size + largePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let all, all != MAP_FAILED else { return (nil, 0) }
      let before = (largePage - Int(bitPattern: all) % largePage) % largePage
      if before > 0 { munmap(all, before) }
      let start = all + before
      munmap(start + size, largePage - before)
      madvise(start, size, MADV_HUGEPAGE)
      return (start, size)
    #else
      return (nil, 0)
    #endif
  }
}
