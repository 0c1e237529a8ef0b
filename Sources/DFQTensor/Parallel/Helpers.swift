internal import CDFQKernels
import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The threads of a pool besides the caller's.
///
/// A thread without work spins for a moment before it sleeps on a semaphore, and so does the caller that waits for the
/// others: to wake a sleeping thread takes as long as several small images, and the next call often follows at once.
final class Helpers: Sendable {
  /// Looks for work before a thread sleeps, about a tenth of a millisecond.
  private static let patience = 2000

  /// What a thread does between two calls.
  private enum Waiting {
    static let spins = 0
    /// Work was given that the thread has not taken.
    static let called = 1
    static let sleeps = 2
  }

  /// The place where a thread waits.
  private final class Desk: Sendable {
    private let before = CacheLine()
    private let state = Atomic<Int>(Waiting.spins)
    private let after = CacheLine()
    let wake = DispatchSemaphore(value: 0)

    /// Ends the thread's waiting.
    func call() {
      let before = state.exchange(Waiting.called, ordering: .acquiringAndReleasing)
      if before == Waiting.sleeps { wake.signal() }
    }

    /// Returns when the thread has been called.
    func wait() {
      var looks = 0
      while state.load(ordering: .acquiring) != Waiting.called, looks < Helpers.patience {
        looks += 1
        dfq_relax()
      }
      let slept = state.compareExchange(
        expected: Waiting.spins, desired: Waiting.sleeps, ordering: .acquiringAndReleasing
      ).exchanged
      if slept { wake.wait() }
      state.store(Waiting.spins, ordering: .releasing)
    }
  }

  /// The state that the threads share; it outlives the pool until all threads have ended.
  private final class Shared: Sendable {
    let desks: [Desk]
    /// The threads that are still at work; `callerSleeps` is added when the caller waits for them on `done`.
    let working = Atomic<Int>(0)
    private let after = CacheLine()
    static let callerSleeps = 1 << 16
    let done = DispatchSemaphore(value: 0)
    /// The current work; nil tells a woken thread to end.
    let work = Mutex<(@Sendable (_ worker: Int) -> Void)?>(nil)
    let isBusy = Atomic<Bool>(false)

    init(count: Int) { desks = (0..<count).map { _ in Desk() } }

    /// Runs a thread's part of the current work; returns false where the thread should end.
    ///
    /// This function is never inlined: the work must be released before the thread
    /// says that it is done.
    @inline(never)
    func perform(worker: Int) -> Bool {
      guard let work = work.withLock({ $0 }) else { return false }
      work(worker)
      return true
    }

    /// The loop of a thread, until the pool ends.
    func loop(worker: Int) {
      while true {
        desks[worker - 1].wait()
        guard perform(worker: worker) else { return }
        let left = working.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
        if left == Shared.callerSleeps { done.signal() }
      }
    }

    /// Returns when no thread is at work.
    func finish() {
      var looks = 0
      while working.load(ordering: .acquiring) != 0, looks < Helpers.patience {
        looks += 1
        dfq_relax()
      }
      let left = working.wrappingAdd(Shared.callerSleeps, ordering: .acquiringAndReleasing).oldValue
      if left > 0 { done.wait() }
    }
  }

  /// The argument of a new thread.
  private final class Start: Sendable {
    let shared: Shared
    let worker: Int

    init(_ shared: Shared, worker: Int) {
      self.shared = shared
      self.worker = worker
    }
  }

  private let shared: Shared
  /// The number of threads; smaller than requested where the system does not allow as many.
  let count: Int

  init(count wanted: Int) {
    shared = Shared(count: wanted)
    var started = 0
    while started < wanted, Helpers.start(Start(shared, worker: started + 1)) { started += 1 }
    count = started
  }

  /// Starts a detached thread; false where the system refuses.
  private static func start(_ start: Start) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 1 << 20)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let argument = Unmanaged.passRetained(start)
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        #if canImport(Darwin)
          let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        #else
          let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
        #endif
        start.shared.loop(worker: start.worker)
        return nil
      }, argument.toOpaque())
    if result != 0 { argument.release() }
    return result == 0
  }

  deinit {
    shared.work.withLock { $0 = nil }
    for index in 0..<count { shared.desks[index].call() }
  }

  /// Runs `work` once on each thread and on the caller's, and waits for all.
  ///
  /// Returns false, having run nothing, where the threads are already at work.
  func run(_ work: @Sendable (_ worker: Int) -> Void) -> Bool {
    guard !shared.isBusy.exchange(true, ordering: .acquiringAndReleasing) else { return false }
    // The closure does not outlive this call: every thread has released it before it returns.
    withoutActuallyEscaping(work) { escaping in
      shared.work.withLock { $0 = escaping }
      shared.working.store(count, ordering: .releasing)
      for index in 0..<count { shared.desks[index].call() }
      escaping(0)
      shared.finish()
      shared.work.withLock { $0 = nil }
    }
    shared.isBusy.store(false, ordering: .releasing)
    return true
  }
}
