import Foundation

/// Hands cells to workers: a cell is ready once its inputs are there, and the first that is ready in
/// the plan's order is next.
///
/// All state is guarded by one condition.
final class Scheduler: @unchecked Sendable {
  private let condition = NSCondition()
  private let cells: [Cell]
  private let weights: [Double]
  private let start = ContinuousClock.now
  private let progress: (@Sendable (ExperimentProgress) throws -> Void)?

  private enum State { case waiting, running, elsewhere, done, failed }

  /// What became of a cell that a worker took.
  enum Outcome {
    /// This process has done it.
    case done(seconds: Double)
    /// Another process has done it.
    case found
    /// Another process works on it.
    case elsewhere
  }
  private var states: [State]
  private var shares: [Double]
  private var places: [String: Int] = [:]
  private var stopped: (any Error)?
  private(set) var failures: [(title: String, error: any Error)] = []
  /// The cells that this process has done.
  private(set) var finished = 0

  /// Seconds between two looks at cells that other processes work on: short against a cell, long against a look.
  private static let pause = 0.2

  /// Schedules cells whose other inputs are there; weights are estimated seconds.
  init(
    _ cells: [Cell], weights: [Double],
    progress: (@Sendable (ExperimentProgress) throws -> Void)?
  ) {
    self.cells = cells
    self.weights = weights
    self.progress = progress
    states = [State](repeating: .waiting, count: cells.count)
    shares = [Double](repeating: 0, count: cells.count)
    for (place, cell) in cells.enumerated() { places[cell.key] = place }
  }

  /// Whatever ended all work early.
  var error: (any Error)? {
    condition.lock()
    defer { condition.unlock() }
    return stopped
  }

  /// Takes cell after cell until none is left.
  func work(_ perform: (Cell, _ progress: @escaping (Double) throws -> Void) throws -> Outcome) {
    while let place = next() {
      do {
        switch try perform(cells[place], { try self.report(place, share: $0) }) {
        case .done(let seconds): try finish(place, seconds: seconds)
        case .found: try finish(place, seconds: nil)
        case .elsewhere: leave(place)
        }
      } catch {
        fail(place, error)
      }
    }
  }

  /// Ends all cells at their next step.
  func stop(_ error: any Error) {
    condition.lock()
    if stopped == nil { stopped = error }
    condition.broadcast()
    condition.unlock()
  }

  private func next() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if stopped != nil { return nil }
      skipHopeless()
      if let place = cells.indices.first(where: { states[$0] == .waiting && isReady($0) }) {
        states[place] = .running
        return place
      }
      if states.contains(.elsewhere) {
        _ = condition.wait(until: Date(timeIntervalSinceNow: Scheduler.pause))
        // It fails only where the caller wants the run to end, which is seen above.
        try? tell()
        for place in cells.indices where states[place] == .elsewhere { states[place] = .waiting }
        continue
      }
      guard states.contains(.running) else { return nil }
      condition.wait()
    }
  }

  private func isReady(_ place: Int) -> Bool {
    cells[place].inputs.allSatisfy { key in places[key].map { states[$0] == .done } ?? true }
  }

  /// A cell whose input failed fails too.
  private func skipHopeless() {
    for place in cells.indices where states[place] == .waiting {
      let hopeless = cells[place].inputs.contains { key in
        places[key].map { states[$0] == .failed } ?? false
      }
      if hopeless { states[place] = .failed }
    }
  }

  private func report(_ place: Int, share: Double) throws {
    condition.lock()
    defer { condition.unlock() }
    if let stopped { throw stopped }
    shares[place] = min(max(share, 0), 1)
    try tell()
  }

  private func leave(_ place: Int) {
    condition.lock()
    states[place] = .elsewhere
    condition.unlock()
  }

  private func finish(_ place: Int, seconds: Double?) throws {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    states[place] = .done
    shares[place] = 1
    if seconds != nil { finished += 1 }
    try tell(finished: seconds.map { (cells[place].title, $0) })
  }

  private func fail(_ place: Int, _ error: any Error) {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    if states[place] == .done || error is CancellationError || stopped != nil {
      // The cell itself is whole, or the whole run ends: nothing has failed.
      if stopped == nil { stopped = error }
      return
    }
    states[place] = .failed
    failures.append((cells[place].title, error))
  }

  /// Calls the caller's progress; the lock is held.
  private func tell(finished: (title: String, seconds: Double)? = nil) throws {
    guard let progress else { return }
    let total = weights.reduce(0, +)
    let done = zip(weights, shares).reduce(0) { $0 + $1.0 * $1.1 }
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    let elapsed = Double(seconds) + Double(attoseconds) * 1e-18
    do {
      try progress(
        ExperimentProgress(
          cellsDone: states.filter { $0 == .done }.count, cells: cells.count,
          share: total > 0 ? done / total : 1, elapsed: elapsed,
          remaining: done > 0 && elapsed > 1 ? elapsed * (total - done) / done : nil,
          running: cells.indices.filter { states[$0] == .running }.map { cells[$0].title },
          finished: finished))
    } catch {
      // The caller wants the run to end, not this cell to fail.
      if stopped == nil { stopped = error }
      throw error
    }
  }
}
