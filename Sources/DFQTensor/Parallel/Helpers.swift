import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The threads of a pool besides the caller's: each sleeps on a semaphore until there is work.
final class Helpers: Sendable {
  /// The state that the threads share; it outlives the pool until all threads have ended.
  private final class Shared: Sendable {
    let wake: [DispatchSemaphore]
    let done = DispatchSemaphore(value: 0)
    /// The current work; nil tells a woken thread to end.
    let work = Mutex<(@Sendable (_ worker: Int) -> Void)?>(nil)
    let isBusy = Atomic<Bool>(false)

    init(count: Int) { wake = (0..<count).map { _ in DispatchSemaphore(value: 0) } }

    /// Runs a thread's part of the current work; returns false where the thread should end.
    ///
    /// This function is never inlined: the work must be released before the thread
    /// signals that it is done.
    @inline(never)
    func perform(worker: Int) -> Bool {
      guard let work = work.withLock({ $0 }) else { return false }
      work(worker)
      return true
    }

    /// The loop of a thread, until the pool ends.
    func loop(worker: Int) {
      while true {
        wake[worker - 1].wait()
        guard perform(worker: worker) else { return }
        done.signal()
      }
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
    for index in 0..<count { shared.wake[index].signal() }
  }

  /// Runs `work` once on each thread and on the caller's, and waits for all.
  ///
  /// Returns false, having run nothing, where the threads are already at work.
  func run(_ work: @Sendable (_ worker: Int) -> Void) -> Bool {
    guard !shared.isBusy.exchange(true, ordering: .acquiringAndReleasing) else { return false }
    // The closure does not outlive this call: every thread has signalled before it returns.
    withoutActuallyEscaping(work) { escaping in
      shared.work.withLock { $0 = escaping }
      for index in 0..<count { shared.wake[index].signal() }
      escaping(0)
      for _ in 0..<count { shared.done.wait() }
      shared.work.withLock { $0 = nil }
    }
    shared.isBusy.store(false, ordering: .releasing)
    return true
  }
}
