import Foundation

/// Calls `body` with 0..<count, each call on a thread of its own, and returns when all have returned.
///
/// Dispatch makes no promise that two calls run at the same time, and on a busy machine they do not.
public func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let done = DispatchGroup()
  for index in 0..<count {
    done.enter()
    let thread = Thread {
      body(index)
      done.leave()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }
  done.wait()
}

/// A point that nobody passes for the first time before all have come to it.
public final class Meeting: @unchecked Sendable {
  private let count: Int
  private let condition = NSCondition()
  private var arrived = Set<Int>()

  /// Makes a meeting of the callers 0..<count.
  public init(of count: Int) { self.count = count }

  /// Returns when all have called it, or after a minute, so that a test whose callers end early fails and does not hang.
  public func wait(_ caller: Int) {
    let end = Date(timeIntervalSinceNow: 60)
    condition.withLock {
      if arrived.insert(caller).inserted { condition.broadcast() }
      while arrived.count < count && condition.wait(until: end) {}
    }
  }
}
