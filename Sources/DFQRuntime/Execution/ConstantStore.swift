import DFQTensor

/// Memory for numbers that do not change, aligned to cache lines; it lives as long as the level that
/// owns it.
///
/// Constants lie one after the other in large blocks. Megabytes of weights, of which every layer reads all for each row of
/// outputs, then take few pages, whose addresses the processor keeps.
final class ConstantStore: @unchecked Sendable {
  private var blocks: [FloatBuffer] = []
  /// The floats of the last block that are taken.
  private var taken = 0
  /// The floats of a new block, at least.
  private let blockCount: Int
  /// The bytes of all constants.
  private(set) var byteCount = 0

  /// - Parameter weights: About as many weights will be stored.
  init(weights: Int) {
    // Packed weights, those of Winograd's algorithm, and what goes with them. Blocks of 4 MB and more have large pages: threads that share
    // an image of ResNet-20 read all weights in 80 microseconds, a tenth of which they spent on small ones. What is not used of a
    // large block takes no memory.
    let bytes = weights > 1 << 20 ? 3 * weights : weights > 1 << 16 ? 4 << 20 : 1 << 14
    blockCount = min(bytes, 1 << 28) / 4
  }

  /// Room for bytes.
  func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let block = block((count + 3) / 4)
    return UnsafeMutableRawPointer(block).assumingMemoryBound(to: UInt8.self)
  }

  /// Room for signed bytes.
  func codes(_ count: Int) -> UnsafeMutablePointer<Int8> {
    UnsafeMutableRawPointer(bytes(count)).assumingMemoryBound(to: Int8.self)
  }

  /// A copy of numbers.
  func floats(_ values: [Float]) -> UnsafePointer<Float> {
    let block = block(values.count)
    block.update(from: values, count: values.count)
    return UnsafePointer(block)
  }

  /// A copy of plain values.
  func list<Element: BitwiseCopyable>(_ values: [Element]) -> ConstantList<Element> {
    let start = UnsafeMutableRawPointer(bytes(values.count * MemoryLayout<Element>.stride + 64))
      .bindMemory(to: Element.self, capacity: max(values.count, 1))
    start.initialize(from: values, count: values.count)
    return ConstantList(start: UnsafePointer(start), count: values.count)
  }

  /// Room for floats, from the start of a cache line on.
  private func block(_ count: Int) -> UnsafeMutablePointer<Float> {
    let rounded = (max(count, 1) + 15) / 16 * 16
    if blocks.isEmpty || blocks[blocks.count - 1].count - taken < rounded {
      blocks.append(FloatBuffer(max(rounded, blockCount)))
      taken = 0
    }
    byteCount += 4 * rounded
    defer { taken += rounded }
    return blocks[blocks.count - 1].start + taken
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
