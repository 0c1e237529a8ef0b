internal import CDFQKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Threads that do one thing together, step by step; each waits for the others between two steps.
///
/// Waking a sleeping thread takes longer than many a step of one image does. The threads therefore
/// stay awake for as long as the pass lasts; who waits for long lets others have the processor.
package final class Team: Sendable {
  /// The number of threads.
  package let count: Int
  private let arrivals = Atomic<Int>(0)

  /// Looks before a waiting thread offers the processor to others: some 50 microseconds.
  private static let patience = 1000

  package init(count: Int) { self.count = count }

  /// Returns when every thread of the team has called it as often as the caller.
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

  /// A member's share of `count` things, which come in units that are not divided.
  package func share(_ count: Int, unit: Int, member: Int) -> Range<Int> {
    let units = (count + unit - 1) / unit
    let first = units * member / self.count * unit
    return min(first, count)..<min(units * (member + 1) / self.count * unit, count)
  }
}

extension WorkerPool {
  /// Calls `body` once on every thread, all at the same time.
  ///
  /// A pool that is already at work makes a team of the caller alone.
  package func runTeam(_ body: @Sendable (_ member: Int, _ team: Team) -> Void) {
    let team = Team(count: threads)
    let finished = runOnAll { body($0, team) }
    if !finished { body(0, Team(count: 1)) }
  }
}
