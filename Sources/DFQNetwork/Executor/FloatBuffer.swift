/// Floats aligned to cache lines, owned by one executor and reused by every pass.
final class FloatBuffer: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  init(_ count: Int) {
    let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 16) * 4, alignment: 64)
    start = raw.bindMemory(to: Float.self, capacity: max(count, 16))
    self.count = count
    clear()
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  func clear() { start.update(repeating: 0, count: count) }
}
