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
    #expect(WorkerPool().threads == WorkerPool.activeProcessors)
  }
}
