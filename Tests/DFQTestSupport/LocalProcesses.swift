public import DynaDFQ
import Foundation

/// Threads that stand for the processes of a computation: each has a communicator that copies from the
/// others' memory.
public final class LocalProcesses: @unchecked Sendable {
  /// A thread's end of the connection.
  public struct Link: Communicator {
    /// The thread's number.
    public let rank: Int
    fileprivate let all: LocalProcesses

    /// The number of threads.
    public var processes: Int { all.count }

    /// Copies the parts of the others.
    public func gather(_ memory: UnsafeMutableRawBufferPointer, parts: [Range<Int>]) throws {
      try all.gather(memory, parts: parts, rank: rank)
    }
  }

  /// What a link throws when the connection is lost.
  public struct Lost: Error {
    /// Makes the error.
    public init() {}
  }

  /// The number of processes.
  public let count: Int
  private let failsAt: Int
  /// Guards all that follows. (ThreadSanitizer knows this lock, but not `Mutex`.)
  private let condition = NSCondition()
  private var memories: [UnsafeMutableRawPointer?]
  private var calls: [Int]
  private var arrived = 0
  private var generation = 0

  /// Makes `count` processes, whose connection is lost after `failsAt` calls of each of them.
  public init(_ count: Int, failsAt: Int = .max) {
    self.count = count
    self.failsAt = failsAt
    memories = .init(repeating: nil, count: count)
    calls = .init(repeating: 0, count: count)
  }

  /// The calls of a process so far.
  public func callCount(_ rank: Int) -> Int { condition.withLock { calls[rank] } }

  /// Runs `body` in all processes and returns what each gave.
  public func run<Value: Sendable>(
    _ body: @escaping @Sendable (any Communicator) throws -> Value
  ) -> [Result<Value, any Error>] {
    let results = Results<Value>(count)
    concurrently(count) { rank in
      results.set(rank, Result { try body(Link(rank: rank, all: self)) })
    }
    return results.all
  }

  private final class Results<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Result<Value, any Error>?]

    init(_ count: Int) { values = .init(repeating: nil, count: count) }

    func set(_ rank: Int, _ value: Result<Value, any Error>) {
      lock.withLock { values[rank] = value }
    }

    var all: [Result<Value, any Error>] { lock.withLock { values.map { $0! } } }
  }

  private func gather(
    _ memory: UnsafeMutableRawBufferPointer, parts: [Range<Int>], rank: Int
  ) throws {
    let call = condition.withLock {
      memories[rank] = memory.baseAddress
      calls[rank] += 1
      return calls[rank]
    }
    if call > failsAt { throw Lost() }
    meet()
    let all = condition.withLock { memories }
    for (other, part) in parts.enumerated() where other != rank && !part.isEmpty {
      (memory.baseAddress! + part.lowerBound).copyMemory(
        from: all[other]! + part.lowerBound, byteCount: part.count)
    }
    meet()
  }

  /// Returns when all processes have called it as often.
  private func meet() {
    condition.lock()
    defer { condition.unlock() }
    arrived += 1
    let own = generation
    if arrived == count {
      arrived = 0
      generation += 1
      return condition.broadcast()
    }
    while generation == own { condition.wait() }
  }
}
