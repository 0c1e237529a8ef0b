import Foundation
import Synchronization

/// Ctrl-C and termination: the first signal lets a run finish what it keeps, the second ends it.
enum Interrupt {
  private static let received = Atomic<Int32>(0)

  /// Begins to note the first signal instead of ending the process.
  static func watch() {
    // The counter exists before a handler can ask for it.
    received.store(0, ordering: .relaxed)
    // A parent process may have left these signals blocked.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interrupt.received.store(number, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }

  /// Lets termination print a line before it ends this process, one of several: `mpirun` terminates all after one has failed.
  static func announceEnd() {
    _ = lineOfEnd.count
    signal(SIGTERM) { number in
      Interrupt.lineOfEnd.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
      _exit(128 + number)
    }
  }

  private static let lineOfEnd = Array(
    "dynadfq (process \(Processes.communicator.rank)): error: the run was ended, by hand or because another process failed\n"
      .utf8)

  /// Gives signals back their usual effect.
  static func unwatch() {
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }

  /// The signal that came, 0 for none.
  static var signalNumber: Int32 { received.load(ordering: .relaxed) }
}
