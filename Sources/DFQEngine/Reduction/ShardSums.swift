import DFQTensor

/// Sums that the shards of a batch add up, one row for each shard.
///
/// Threads write to rows of shards that they compute, so no two write to the same row.
package final class ShardSums<Element: BinaryFloatingPoint & BitwiseCopyable>: @unchecked Sendable {
  /// The number of rows.
  package let shards: Int
  /// The elements of a row.
  package let count: Int
  /// The distance between two rows, in elements: rows begin on cache lines.
  package let stride: Int
  /// The first row.
  package let start: UnsafeMutablePointer<Element>
  private let memory: FloatBuffer

  /// Makes rows of zeros.
  package init(shards: Int, count: Int) {
    let floats = MemoryLayout<Element>.stride / MemoryLayout<Float>.stride
    self.shards = shards
    self.count = count
    stride = aligned(count)
    memory = FloatBuffer(shards * stride * floats)
    start = UnsafeMutableRawPointer(memory.start).bindMemory(
      to: Element.self, capacity: max(shards * stride, 1))
  }

  /// A shard's row.
  package subscript(shard: Int) -> UnsafeMutablePointer<Element> { start + shard * stride }

  /// Sets a shard's row to zero, except for columns in ascending ranges.
  package func clear(_ shard: Int, except ranges: [Range<Int>] = []) {
    var next = 0
    for range in ranges + [count..<count] {
      (self[shard] + next).update(repeating: 0, count: range.lowerBound - next)
      next = range.upperBound
    }
  }

  /// Sets all rows to zero.
  package func clear() { start.update(repeating: 0, count: shards * stride) }
}

extension ShardSums where Element == Double {
  /// The sums of columns over the first `shards` rows, in order.
  package func total(_ columns: Range<Int>, shards: Int) -> [Double] {
    var total = [Double](repeating: 0, count: columns.count)
    for shard in 0..<shards {
      let row = self[shard] + columns.lowerBound
      for index in total.indices { total[index] += row[index] }
    }
    return total
  }
}

extension ShardSums where Element == Float {
  /// The sums of columns over the first `shards` rows in double precision, in order.
  package func total(_ columns: Range<Int>, shards: Int) -> [Double] {
    var total = [Double](repeating: 0, count: columns.count)
    for shard in 0..<shards {
      let row = self[shard] + columns.lowerBound
      for index in total.indices { total[index] += Double(row[index]) }
    }
    return total
  }

  /// The sums of whole rows in single precision, in order.
  func floatTotal(shards: Int) -> [Float] {
    var total = [Float](repeating: 0, count: count)
    for shard in 0..<shards {
      let row = self[shard]
      for index in total.indices { total[index] += row[index] }
    }
    return total
  }
}
