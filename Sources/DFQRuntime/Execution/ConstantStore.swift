import DFQTensor

/// Memory for numbers that do not change, aligned to cache lines; it lives as long as the level that
/// owns it.
final class ConstantStore: @unchecked Sendable {
  private var blocks: [FloatBuffer] = []

  /// Room for bytes.
  func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let block = FloatBuffer((count + 3) / 4)
    blocks.append(block)
    return UnsafeMutableRawPointer(block.start).assumingMemoryBound(to: UInt8.self)
  }

  /// Room for signed bytes.
  func codes(_ count: Int) -> UnsafeMutablePointer<Int8> {
    UnsafeMutableRawPointer(bytes(count)).assumingMemoryBound(to: Int8.self)
  }

  /// A copy of numbers.
  func floats(_ values: [Float]) -> UnsafePointer<Float> {
    let block = FloatBuffer(values.count)
    blocks.append(block)
    block.start.update(from: values, count: values.count)
    return UnsafePointer(block.start)
  }
}
