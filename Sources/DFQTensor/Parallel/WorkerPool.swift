import Dispatch
import Synchronization

/// Spreads independent pieces of work over a fixed number of threads; nothing it computes may
/// depend on which thread took which piece.
///
/// Threads come from Dispatch, sleep when there is nothing to do and never spin. With one thread
/// everything runs on the caller's.
public struct WorkerPool: Sendable {
  /// The number of threads that work at the same time.
  public let threads: Int

  /// Makes a pool of `threads` threads; by default as many as there are active processors.
  public init(threads: Int? = nil) {
    self.threads = max(1, threads ?? WorkerPool.activeProcessors)
  }

  /// Calls `body(piece, worker)` once for each piece in 0..<pieces; `worker` is below `threads` and
  /// no two calls with the same worker overlap.
  public func forEach(_ pieces: Int, _ body: @Sendable (_ piece: Int, _ worker: Int) -> Void) {
    let workers = min(threads, pieces)
    if workers <= 1 {
      for piece in 0..<pieces { body(piece, 0) }
      return
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= pieces { return }
        body(piece, worker)
      }
    }
  }
}
