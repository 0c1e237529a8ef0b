import DynaDFQ
import Foundation

/// Counts what one process would exchange with others that are not there; they seem to compute what this one does.
final class PretendedProcesses: Communicator, @unchecked Sendable {
  /// Calls, and the bytes that one process obtains from all others.
  struct Volume: Sendable {
    var calls = 0
    /// Those of them whose messages are announced before they are sent, which takes three delays of a link instead of one.
    var announced = 0
    var bytes = 0
  }

  let rank = 0
  let processes: Int
  private let lock = NSLock()
  private var sum = Volume()

  /// The largest message that is sent at once over TCP, by Open MPI's default.
  private static let largestMessage = 1 << 16

  init(_ processes: Int) { self.processes = processes }

  /// The volume so far.
  var volume: Volume { lock.withLock { sum } }

  func gather(_ memory: UnsafeMutableRawBufferPointer, parts: [Range<Int>]) {
    let own = parts[0]
    var bytes = 0
    for part in parts.dropFirst() {
      bytes += part.count
      // In a batch of fewer shards than processes this one may have none: the others' parts stay as they are.
      guard !own.isEmpty else { continue }
      for start in stride(from: part.lowerBound, to: part.upperBound, by: own.count) {
        memory[start..<min(start + own.count, part.upperBound)].copyBytes(
          from: memory[own.lowerBound..<own.lowerBound + min(own.count, part.upperBound - start)])
      }
    }
    lock.withLock {
      sum.calls += 1
      if own.count > PretendedProcesses.largestMessage { sum.announced += 1 }
      sum.bytes += bytes
    }
  }
}

extension UnsafeMutableRawBufferPointer.SubSequence {
  /// Copies other bytes of the same memory, which do not overlap.
  fileprivate func copyBytes(from other: UnsafeMutableRawBufferPointer.SubSequence) {
    UnsafeMutableRawBufferPointer(rebasing: self).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: other))
  }
}
