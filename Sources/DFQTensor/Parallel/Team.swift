internal import CDFQKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A set of threads that work on the same computation step by step, with a barrier between steps.
///
/// Waking a sleeping thread often takes longer than a step of one image. The threads therefore spin
/// at the barrier for the duration of a pass, and yield the processor after a long wait.
package final class Team: Sendable {
  /// The number of threads.
  package let count: Int
  // The counter at which threads spin has cache lines of its own: references to the team are counted beside it.
  private let before = CacheLine()
  private let arrivals = Atomic<Int>(0)
  private let after = CacheLine()

  /// The number of spins before a waiting thread yields the processor, about 50 microseconds.
  private static let patience = 1000

  package init(count: Int) { self.count = count }

  /// Waits until every thread of the team has reached the same barrier.
  package func wait() {
    guard count > 1 else { return }
    let arrived = arrivals.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
    let complete = (arrived + count - 1) / count * count
    var looks = 0
    while arrivals.load(ordering: .acquiring) < complete {
      looks += 1
      if looks < Team.patience { dfq_relax() } else { sched_yield() }
    }
  }

  /// The range of `count` items that a member works on; units of items are not divided.
  package func share(_ count: Int, unit: Int, member: Int) -> Range<Int> {
    let units = (count + unit - 1) / unit
    let first = units * member / self.count * unit
    return min(first, count)..<min(units * (member + 1) / self.count * unit, count)
  }
}

extension WorkerPool {
  /// Calls `body` once on every thread, all at the same time.
  ///
  /// Where the pool is already at work, the team consists of only the caller.
  package func runTeam(_ body: @Sendable (_ member: Int, _ team: Team) -> Void) {
    let team = Team(count: threads)
    let finished = runOnAll { body($0, team) }
    if !finished { body(0, Team(count: 1)) }
  }
}

/// Keeps what lies before it and what lies after it out of the same cache line.
struct CacheLine: Sendable {
  private let words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (
    0, 0, 0, 0, 0, 0, 0, 0
  )
}
