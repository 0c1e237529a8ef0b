import Dispatch
import Foundation
import Synchronization

/// The threads of a pool besides the caller's: each sleeps on a semaphore until there is work.
final class Helpers: Sendable {
  /// What the threads share; it outlives the pool until they have ended.
  private final class Shared: Sendable {
    let wake: [DispatchSemaphore]
    let done = DispatchSemaphore(value: 0)
    /// The work of the moment; nil tells a woken thread to end.
    let work = Mutex<(@Sendable (_ worker: Int) -> Void)?>(nil)
    let isBusy = Atomic<Bool>(false)

    init(count: Int) { wake = (0..<count).map { _ in DispatchSemaphore(value: 0) } }

    /// Does a thread's share; false where there is nothing left to do ever.
    ///
    /// A function of its own, never inlined: the work must be let go of before the thread signals
    /// that it is done.
    @inline(never)
    func perform(worker: Int) -> Bool {
      guard let work = work.withLock({ $0 }) else { return false }
      work(worker)
      return true
    }
  }

  private let shared: Shared

  init(count: Int) {
    shared = Shared(count: count)
    for index in 0..<count {
      let shared = shared
      let thread = Thread {
        while true {
          shared.wake[index].wait()
          guard shared.perform(worker: index + 1) else { return }
          shared.done.signal()
        }
      }
      thread.name = "dynadfq-\(index + 1)"
      thread.stackSize = 1 << 20
      thread.start()
    }
  }

  deinit {
    shared.work.withLock { $0 = nil }
    for semaphore in shared.wake { semaphore.signal() }
  }

  /// Runs `work` once on each thread and on the caller's, and waits for all; false, having run
  /// nothing, where the threads are at work already.
  func run(_ work: @Sendable (_ worker: Int) -> Void) -> Bool {
    guard !shared.isBusy.exchange(true, ordering: .acquiringAndReleasing) else { return false }
    // The closure does not outlive this call: every thread has signalled before it returns.
    withoutActuallyEscaping(work) { escaping in
      shared.work.withLock { $0 = escaping }
      for semaphore in shared.wake { semaphore.signal() }
      escaping(0)
      for _ in shared.wake { shared.done.wait() }
      shared.work.withLock { $0 = nil }
    }
    shared.isBusy.store(false, ordering: .releasing)
    return true
  }
}
