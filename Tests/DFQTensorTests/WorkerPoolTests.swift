import DFQTestSupport
import DynaDFQ
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3])
  func everyPieceOnce(threads: Int) {
    let pool = WorkerPool(threads: threads)
    #expect(pool.threads == threads)
    for pieces in [0, 1, 2, 3, 7, 100] {
      let counts = Mutex([Int](repeating: 0, count: pieces))
      let isWorkerKnown = Mutex(true)
      pool.forEach(pieces) { piece, worker in
        counts.withLock { $0[piece] += 1 }
        if !(0..<threads).contains(worker) { isWorkerKnown.withLock { $0 = false } }
      }
      #expect(counts.withLock { $0.allSatisfy { $0 == 1 } }, "\(pieces) pieces")
      #expect(isWorkerKnown.withLock { $0 })
    }
  }

  /// No two calls with the same worker overlap, so a worker may own memory.
  @Test func workersDoNotOverlap() {
    let pool = WorkerPool(threads: 3)
    let busy = Mutex([Bool](repeating: false, count: 3))
    let overlaps = Atomic<Int>(0)
    pool.forEach(200) { _, worker in
      let was = busy.withLock { state in
        defer { state[worker] = true }
        return state[worker]
      }
      if was { overlaps.add(1, ordering: .relaxed) }
      busy.withLock { $0[worker] = false }
    }
    #expect(overlaps.load(ordering: .relaxed) == 0)
  }

  /// Every member, at every step, sees what all have done in the step before.
  @Test(arguments: 1...4)
  func teamsWaitForEachOther(threads: Int) {
    let steps = 300
    let done = (0..<threads).map { _ in Counter() }
    let late = Counter()
    WorkerPool(threads: threads).runTeam { member, team in
      for step in 0..<steps {
        for other in done where other.total.load(ordering: .relaxed) < step {
          late.total.add(1, ordering: .relaxed)
        }
        team.wait()
        done[member].total.add(1, ordering: .relaxed)
        team.wait()
      }
    }
    #expect(late.total.load(ordering: .relaxed) == 0)
    #expect(done.allSatisfy { $0.total.load(ordering: .relaxed) == steps })
  }

  /// A pool that is at work has nobody to team up with; the caller is not left waiting.
  @Test func teamsInsideCalls() {
    let pool = WorkerPool(threads: 2)
    let total = Atomic<Int>(0)
    pool.forEach(4) { _, _ in
      pool.runTeam { _, team in
        team.wait()
        total.add(team.count, ordering: .relaxed)
      }
    }
    #expect(total.load(ordering: .relaxed) == 4)
  }

  @Test func sharesAreWholeUnits() {
    let team = Team(count: 3)
    let shares = (0..<3).map { team.share(14, unit: 4, member: $0) }
    #expect(shares == [0..<4, 4..<8, 8..<14])
    #expect((0..<3).map { team.share(3, unit: 4, member: $0) } == [0..<0, 0..<0, 0..<3])
  }

  @Test func callsInsideCalls() {
    let pool = WorkerPool(threads: 2)
    let total = Atomic<Int>(0)
    pool.forEach(4) { _, _ in
      pool.forEach(5) { _, _ in total.add(1, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 20)
  }

  private final class Counter: Sendable {
    let total = Atomic<Int>(0)
  }

  @Test func callsFromSeveralTasks() async {
    let pool = WorkerPool(threads: 2)
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<20 {
            pool.forEach(7) { _, _ in counter.total.add(1, ordering: .relaxed) }
          }
        }
      }
    }
    #expect(counter.total.load(ordering: .relaxed) == 4 * 20 * 7)
  }

  @Test func atLeastOneThread() {
    #expect(WorkerPool(threads: 0).threads == 1)
    #expect(WorkerPool(threads: -3).threads == 1)
    #expect(WorkerPool().threads == WorkerPool.activeProcessors)
  }

  /// The default context has one pool: it made new threads at each use.
  @Test func oneDefaultPool() {
    let pool = ExecutionContext.default.pool
    #expect(ExecutionContext.default.pool.isSame(as: pool))
    #expect(pool.threads == 1 || !WorkerPool(threads: pool.threads).isSame(as: pool))
  }

  /// Requests for absurd numbers of threads crashed, or took gigabytes.
  @Test(arguments: [20_000, 1 << 62, Int.max])
  func threadsAreLimited(threads: Int) {
    let pool = WorkerPool(threads: threads)
    #expect(2...WorkerPool.limit ~= pool.threads)
    let total = Atomic<Int>(0)
    pool.runTeam { _, team in total.add(team.count, ordering: .relaxed) }
    #expect(total.load(ordering: .relaxed) == pool.threads * pool.threads)
  }
}
