import DFQGraph
import DFQTensor
import Synchronization

/// One thread's part of a pass that goes over the batch several times, and waits for all of it
/// each time.
///
/// Every sweep goes the other way than the one before: what was computed last is still in a cache,
/// and is read first. Each thread begins with shards of its own, always the same, and then helps
/// with those that nobody has taken. Between two sweeps threads stay awake (see `Team`).
struct Sweeps {
  private let pass: Pass
  private let member: Int
  private let team: Team
  private let claims: ShardClaims
  private var count: Int

  fileprivate init(pass: Pass, member: Int, team: Team, claims: ShardClaims, count: Int) {
    self.count = count
    self.pass = pass
    self.member = member
    self.team = team
    self.claims = claims
  }

  /// Calls `body` for this thread's groups; all threads are done with theirs when it returns.
  mutating func forEachGroup(_ body: (_ group: ImageGroup) -> Void) {
    let all = pass.reduction.own
    let shards = all.count
    let isForward = count.isMultiple(of: 2)
    let own = member * shards / team.count..<(member + 1) * shards / team.count
    for place in 0..<shards {
      let shard =
        (isForward ? own.lowerBound + place : own.upperBound - 1 - place + shards) % shards
      guard claims.take(shard, sweep: count) else { continue }
      pass.forEachGroup(
        shard: all.lowerBound + shard, worker: member, isForward: isForward, body)
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
  /// Calls `body` on all threads at once, `after` as many sweeps over the same batch.
  func inSweeps(after count: Int = 0, _ body: @escaping @Sendable (_ sweeps: inout Sweeps) -> Void)
  {
    let claims = ShardClaims()
    pool.runTeam { [self] member, team in
      var sweeps = Sweeps(pass: self, member: member, team: team, claims: claims, count: count)
      body(&sweeps)
    }
  }
}

/// Which shards have been taken in the current sweep.
private final class ShardClaims: Sendable {
  /// The sweep's number, and below it one bit for each shard.
  private let word = Atomic<UInt64>(0)

  /// Takes a shard; false where another thread has it.
  func take(_ shard: Int, sweep: Int) -> Bool {
    var old = word.load(ordering: .relaxed)
    let bit: UInt64 = 1 << UInt64(shard)
    while true {
      let current = UInt64(sweep) << UInt64(Shards.limit)
      let shards = old >> UInt64(Shards.limit) == UInt64(sweep) ? old : current
      if shards & bit != 0 { return false }
      let (exchanged, found) = word.compareExchange(
        expected: old, desired: shards | bit, ordering: .relaxed)
      if exchanged { return true }
      old = found
    }
  }
}
