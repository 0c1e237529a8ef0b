import DFQTensor

/// Memory for numbers that do not change, aligned to cache lines; it lives as long as the level that
/// owns it.
final class ConstantStore: @unchecked Sendable {
  private var blocks: [FloatBuffer] = []
  /// The bytes of all blocks.
  private(set) var byteCount = 0

  /// Room for bytes.
  func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let block = block((count + 3) / 4)
    return UnsafeMutableRawPointer(block.start).assumingMemoryBound(to: UInt8.self)
  }

  /// Room for signed bytes.
  func codes(_ count: Int) -> UnsafeMutablePointer<Int8> {
    UnsafeMutableRawPointer(bytes(count)).assumingMemoryBound(to: Int8.self)
  }

  /// A copy of numbers.
  func floats(_ values: [Float]) -> UnsafePointer<Float> {
    let block = block(values.count)
    block.start.update(from: values, count: values.count)
    return UnsafePointer(block.start)
  }

  /// A copy of plain values.
  func list<Element: BitwiseCopyable>(_ values: [Element]) -> ConstantList<Element> {
    let start = UnsafeMutableRawPointer(bytes(values.count * MemoryLayout<Element>.stride + 64))
      .bindMemory(to: Element.self, capacity: max(values.count, 1))
    start.initialize(from: values, count: values.count)
    return ConstantList(start: UnsafePointer(start), count: values.count)
  }

  private func block(_ count: Int) -> FloatBuffer {
    let block = FloatBuffer(count)
    blocks.append(block)
    byteCount += 4 * count
    return block
  }
}

/// Values of a ``ConstantStore``.
///
/// Unlike an array's, reading them counts no reference, which threads would contend for.
struct ConstantList<Element: BitwiseCopyable>: BitwiseCopyable, @unchecked Sendable {
  let start: UnsafePointer<Element>
  let count: Int

  var indices: Range<Int> { 0..<count }
  subscript(index: Int) -> Element { start[index] }
  var buffer: UnsafeBufferPointer<Element> { .init(start: start, count: count) }
}
