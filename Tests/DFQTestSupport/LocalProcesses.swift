public import DynaDFQ
import Foundation
import Synchronization

/// Threads that stand for the processes of a computation: each has a communicator that copies from the
/// others' memory.
public final class LocalProcesses: Sendable {
  private struct State: @unchecked Sendable {
    var memories: [UnsafeMutableRawPointer?]
    /// The calls of each process.
    var calls: [Int]
    var arrived = 0
    var generation = 0
  }

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
  private let condition = NSCondition()
  private let state: Mutex<State>

  /// Makes `count` processes, whose connection is lost after `failsAt` calls of each of them.
  public init(_ count: Int, failsAt: Int = .max) {
    self.count = count
    self.failsAt = failsAt
    state = Mutex(
      State(
        memories: .init(repeating: nil, count: count), calls: .init(repeating: 0, count: count)))
  }

  /// The calls of a process so far.
  public func callCount(_ rank: Int) -> Int { state.withLock { $0.calls[rank] } }

  /// Runs `body` in all processes and returns what each gave.
  public func run<Value: Sendable>(
    _ body: @escaping @Sendable (any Communicator) throws -> Value
  ) -> [Result<Value, any Error>] {
    let results = Mutex<[Int: Result<Value, any Error>]>([:])
    let done = DispatchGroup()
    for rank in 0..<count {
      done.enter()
      let thread = Thread { [self] in
        let result = Result { try body(Link(rank: rank, all: self)) }
        results.withLock { $0[rank] = result }
        done.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    done.wait()
    return results.withLock { results in (0..<count).map { results[$0]! } }
  }

  private func gather(
    _ memory: UnsafeMutableRawBufferPointer, parts: [Range<Int>], rank: Int
  ) throws {
    let call = state.withLock { state in
      state.memories[rank] = memory.baseAddress
      state.calls[rank] += 1
      return state.calls[rank]
    }
    if call > failsAt { throw Lost() }
    meet()
    let memories = state.withLock { $0 }.memories
    for (other, part) in parts.enumerated() where other != rank && !part.isEmpty {
      (memory.baseAddress! + part.lowerBound).copyMemory(
        from: memories[other]! + part.lowerBound, byteCount: part.count)
    }
    meet()
  }

  /// Returns when all processes have called it as often.
  private func meet() {
    condition.lock()
    defer { condition.unlock() }
    let (isLast, generation) = state.withLock { state in
      state.arrived += 1
      let generation = state.generation
      guard state.arrived == count else { return (false, generation) }
      state.arrived = 0
      state.generation += 1
      return (true, generation)
    }
    if isLast { return condition.broadcast() }
    while state.withLock({ $0.generation }) == generation { condition.wait() }
  }
}
