import Synchronization

/// Spreads independent pieces of work over a fixed number of threads; nothing it computes may
/// depend on which thread took which piece.
///
/// The threads belong to the pool, sleep when there is nothing to do and never spin. (Dispatch's
/// `concurrentPerform` takes fewer threads than asked for on a busy machine.)
public struct WorkerPool: Sendable {
  /// The number of threads that work at the same time, the caller's included.
  public let threads: Int
  private let helpers: Helpers?

  /// Makes a pool of `threads` threads; by default as many as there are active processors.
  public init(threads: Int? = nil) {
    self.threads = max(1, threads ?? WorkerPool.activeProcessors)
    helpers = self.threads > 1 ? Helpers(count: self.threads - 1) : nil
  }

  /// Calls `body(piece, worker)` once for each piece in 0..<pieces.
  ///
  /// `worker` is below `threads` and no two calls with the same worker overlap. A pool that is
  /// already at work (a second task's call, or a call inside a call) does all on the caller's
  /// thread.
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

  /// Calls `body` once on every thread; false, having called nothing, where there is one thread or
  /// the pool is at work already.
  func runOnAll(_ body: @Sendable (_ worker: Int) -> Void) -> Bool { helpers?.run(body) ?? false }
}
