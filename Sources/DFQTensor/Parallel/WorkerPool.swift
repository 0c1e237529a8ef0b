import Synchronization

/// Spreads independent pieces of work over a fixed number of threads.
///
/// Nothing that is computed may depend on which thread took which piece. The threads belong to the
/// pool and sleep when there is nothing to do. (Dispatch's `concurrentPerform` takes fewer threads
/// than requested on a busy machine.)
public struct WorkerPool: Sendable {
  /// The most threads a pool has; a request for more gets this many.
  public static let limit = 256

  /// The number of threads that work at the same time, including the caller's.
  public let threads: Int
  private let helpers: Helpers?

  /// Makes a pool of `threads` threads, at least 1 and at most ``limit``; by default one for each
  /// processor this process may use.
  ///
  /// The pool has fewer threads where the system does not allow as many.
  public init(threads: Int? = nil) {
    let wanted = min(max(1, threads ?? WorkerPool.activeProcessors), WorkerPool.limit)
    let helpers = wanted > 1 ? Helpers(count: wanted - 1) : nil
    self.helpers = helpers.flatMap { $0.count > 0 ? $0 : nil }
    self.threads = 1 + (helpers?.count ?? 0)
  }

  /// Whether both are one pool.
  package func isSame(as other: WorkerPool) -> Bool { helpers === other.helpers }

  /// Calls `body(piece, worker)` once for each piece in 0..<pieces.
  ///
  /// `worker` is less than `threads`, and two calls with the same worker never overlap. A pool that
  /// is already at work (a second task's call, or a call inside a call) does everything on the
  /// caller's thread.
  public func forEach(_ pieces: Int, _ body: @Sendable (_ piece: Int, _ worker: Int) -> Void) {
    guard pieces > 1, let helpers else {
      for piece in 0..<pieces { body(piece, 0) }
      return
    }
    let next = Atomic<Int>(0)
    let finished = helpers.run { worker in
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= pieces { return }
        body(piece, worker)
      }
    }
    if !finished { for piece in 0..<pieces { body(piece, 0) } }
  }

  /// Calls `body` once on every thread.
  ///
  /// Returns false, without any call, where there is one thread or the pool is already at work.
  func runOnAll(_ body: @Sendable (_ worker: Int) -> Void) -> Bool { helpers?.run(body) ?? false }
}
