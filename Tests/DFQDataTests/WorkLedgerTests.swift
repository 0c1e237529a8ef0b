import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Pieces of work that several processes divide.
@Suite struct WorkLedgerTests {
  @Test func oneHolderAtATime() throws {
    try withTemporaryDirectory { directory in
      let (first, second) = (
        WorkLedger(directory: directory + "/new"), WorkLedger(directory: directory + "/new")
      )
      var claim = try first.claim("a")
      #expect(claim != nil)
      #expect(try second.claim("a") == nil)
      #expect(try first.claim("a") == nil)
      #expect(try second.claim("b") != nil)
      claim = nil
      #expect(try second.claim("a") != nil)
      // Nothing is left behind.
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/new").isEmpty)
    }
  }

  /// Many threads that claim, hold and release: never two at once.
  @Test func underContention() throws {
    try withTemporaryDirectory { directory in
      let ledger = WorkLedger(directory: directory)
      let lock = NSLock()
      nonisolated(unsafe) var holders = 0
      nonisolated(unsafe) var (most, claims) = (0, 0)
      concurrently(8) { _ in
        for _ in 0..<200 {
          guard let claim = try? ledger.claim("piece") else { continue }
          withExtendedLifetime(claim) {
            lock.withLock {
              holders += 1
              claims += 1
              most = max(most, holders)
            }
            sched_yield()
            lock.withLock { holders -= 1 }
          }
        }
      }
      #expect(most == 1 && claims > 0)
    }
  }

  /// The claim of a process that is killed is free at once.
  @Test func killedProcess() throws {
    try withTemporaryDirectory { directory in
      let ledger = WorkLedger(directory: directory)
      // A process that holds the lock until it is killed; util-linux's program.
      guard FileManager.default.isExecutableFile(atPath: "/usr/bin/flock") else {
        print("skipped: there is no /usr/bin/flock")
        return
      }
      let holder = Process()
      holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
      holder.arguments = ["--no-fork", "\(directory)/piece.claim", "/bin/sleep", "60"]
      try holder.run()
      while try ledger.claim("piece") != nil { usleep(1000) }
      kill(holder.processIdentifier, SIGKILL)
      holder.waitUntilExit()
      #expect(try ledger.claim("piece") != nil)
    }
  }

  @Test func directoryThatCannotBeMade() throws {
    try withTemporaryDirectory { directory in
      try AtomicFile.write("", to: directory + "/file")
      let ledger = WorkLedger(directory: directory + "/file/inside")
      let error = #expect(throws: InterchangeError.self) { try ledger.claim("a") }
      #expect(error.map { "\($0)" }?.contains("file/inside/a.claim") == true)
    }
  }
}
