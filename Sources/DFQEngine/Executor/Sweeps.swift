import DFQGraph
import DFQTensor
import Synchronization

/// One thread's part of a pass that goes over the batch several times, and waits for all of it
/// each time.
///
/// Every sweep goes the other way than the one before: what was computed last is still in a cache,
/// and is read first. Each thread begins with lanes of its own, always the same, and then helps
/// with those that nobody has taken. Between two sweeps threads stay awake (see `Team`).
struct Sweeps {
  private let pass: Pass
  private let member: Int
  private let team: Team
  private let claims: LaneClaims
  private var count = 0

  fileprivate init(pass: Pass, member: Int, team: Team, claims: LaneClaims) {
    self.pass = pass
    self.member = member
    self.team = team
    self.claims = claims
  }

  /// Calls `body` for this thread's groups; all threads are done with theirs when it returns.
  mutating func forEachGroup(_ body: (_ group: ImageGroup) -> Void) {
    let lanes = pass.executor.laneCount(pass.batch)
    let isForward = count.isMultiple(of: 2)
    let own = member * lanes / team.count..<(member + 1) * lanes / team.count
    for place in 0..<lanes {
      let lane = isForward ? own.lowerBound + place : own.upperBound - 1 - place + lanes
      guard claims.take(lane % lanes, sweep: count) else { continue }
      pass.forEachGroup(lane: lane % lanes, worker: member, isForward: isForward, body)
    }
    count += 1
    team.wait()
  }

  /// Calls `body` on one thread; all wait for it.
  func once(_ body: () -> Void) {
    if member == 0 { body() }
    team.wait()
  }
}

extension Pass {
  /// Calls `body` on all threads at once.
  func inSweeps(_ body: @escaping @Sendable (_ sweeps: inout Sweeps) -> Void) {
    let claims = LaneClaims()
    executor.context.pool.together { [self] member, team in
      var sweeps = Sweeps(pass: self, member: member, team: team, claims: claims)
      body(&sweeps)
    }
  }
}

/// Which lanes have been taken in the current sweep.
private final class LaneClaims: Sendable {
  /// The sweep's number, and below it one bit for each lane.
  private let word = Atomic<UInt64>(0)

  /// Takes a lane; false where another thread has it.
  func take(_ lane: Int, sweep: Int) -> Bool {
    var old = word.load(ordering: .relaxed)
    let bit: UInt64 = 1 << UInt64(lane)
    while true {
      let current = UInt64(sweep) << UInt64(Executor.laneLimit)
      let lanes = old >> UInt64(Executor.laneLimit) == UInt64(sweep) ? old : current
      if lanes & bit != 0 { return false }
      let (exchanged, found) = word.compareExchange(
        expected: old, desired: lanes | bit, ordering: .relaxed)
      if exchanged { return true }
      old = found
    }
  }
}
