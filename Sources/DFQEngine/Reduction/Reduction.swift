package import DFQTensor
import Synchronization

/// Adds up what the shards of a batch computed, always in the order of the shards.
///
/// Where several processes compute the batch (``Communicator``), each computes a range of shards; the
/// reduction obtains the rows of the others before it adds. With one process it only adds.
package struct Reduction: Sendable {
  /// The shards of the batch.
  package let shards: Shards
  private let communicator: any Communicator
  private let failure = Failure()

  /// The first error of the communicator.
  private final class Failure: Sendable {
    let error = Mutex<(any Error)?>(nil)
  }

  /// Makes the reduction of a batch.
  package init(_ shards: Shards, communicator: any Communicator) {
    self.shards = shards
    self.communicator = communicator
  }

  /// The shards that this process computes.
  package var own: Range<Int> { shards(ofProcess: communicator.rank) }

  /// The images that this process computes.
  package var ownImages: Range<Int> { shards.images(of: own) }

  private var isShared: Bool { communicator.processes > 1 }

  private func shards(ofProcess rank: Int) -> Range<Int> {
    let processes = communicator.processes
    return rank * shards.count / processes..<(rank + 1) * shards.count / processes
  }

  /// Throws the first error of the communicator, if there was one.
  ///
  /// Threads that wait for each other cannot leave a pass early: it runs to its end first.
  package func check() throws {
    if let error = failure.error.withLock({ $0 }) { throw error }
  }

  // MARK: Sums

  /// The sums of columns over all shards.
  package func total(_ sums: ShardSums<Double>, _ columns: Range<Int>) -> [Double] {
    gather(columns, of: sums)
    return sums.total(columns, shards: shards.count)
  }

  /// The sums of columns over all shards, in double precision.
  package func total(_ sums: ShardSums<Float>, _ columns: Range<Int>) -> [Double] {
    gather(columns, of: sums)
    return sums.total(columns, shards: shards.count)
  }

  /// The sums of all columns over all shards, in single precision.
  package func floatTotal(_ sums: ShardSums<Float>) -> [Float] {
    gather(0..<sums.count, of: sums)
    return sums.floatTotal(shards: shards.count)
  }

  private func gather<Element>(_ columns: Range<Int>, of sums: ShardSums<Element>) {
    guard isShared else { return }
    let packed = rows { shard in
      Array(UnsafeBufferPointer(start: sums[shard] + columns.lowerBound, count: columns.count))
    }
    for (shard, row) in packed.enumerated() where !own.contains(shard) {
      (sums[shard] + columns.lowerBound).update(from: row, count: row.count)
    }
  }

  /// Adds large rows on all threads: a part stays in the cache from shard to shard.
  func add(
    _ sums: ShardSums<Float>, to total: UnsafeMutablePointer<Float>, context: ExecutionContext
  ) {
    gatherShards(sums.start, count: sums.stride)
    nonisolated(unsafe) let total = total
    context.pool.forEachPart(of: sums.count, size: 1 << 14) { [shards] part in
      let target = total + part.lowerBound
      target.update(from: sums[0] + part.lowerBound, count: part.count)
      for shard in 1..<max(shards.count, 1) {
        context.kernels.axpy(1, x: sums[shard] + part.lowerBound, count: part.count, y: target)
      }
    }
  }

  /// One row for each shard, all of the same length.
  ///
  /// `row` returns a shard's row; those of other
  /// processes' shards are replaced by theirs.
  package func rows<Element: BitwiseCopyable>(_ row: (_ shard: Int) -> [Element]) -> [[Element]] {
    let rows = (0..<shards.count).map(row)
    guard isShared, let count = rows.first?.count, count > 0 else { return rows }
    var packed = rows.flatMap { $0 }
    packed.withUnsafeMutableBufferPointer { gatherShards($0.baseAddress!, count: count) }
    return (0..<shards.count).map { Array(packed[$0 * count..<($0 + 1) * count]) }
  }

  // MARK: Other processes' parts

  /// Completes memory that has `count` elements for each shard.
  package func gatherShards<Element: BitwiseCopyable>(
    _ start: UnsafeMutablePointer<Element>, count: Int
  ) {
    gather(start, count: count, of: shards.count) { $0 }
  }

  /// Completes memory that has `count` elements for each image.
  package func gatherImages<Element: BitwiseCopyable>(
    _ start: UnsafeMutablePointer<Element>, count: Int
  ) {
    gather(start, count: count, of: shards.batch) { [shards] in shards.images(of: $0) }
  }

  private func gather<Element: BitwiseCopyable>(
    _ start: UnsafeMutablePointer<Element>, count: Int, of rows: Int,
    _ part: (_ shards: Range<Int>) -> Range<Int>
  ) {
    guard isShared, failure.error.withLock({ $0 == nil }) else { return }
    let bytes = count * MemoryLayout<Element>.stride
    let parts = (0..<communicator.processes).map { rank in
      let rows = part(shards(ofProcess: rank))
      return rows.lowerBound * bytes..<rows.upperBound * bytes
    }
    do {
      try communicator.gather(
        UnsafeMutableRawBufferPointer(start: start, count: rows * bytes), parts: parts)
    } catch {
      failure.error.withLock { $0 = $0 ?? error }
    }
  }
}
