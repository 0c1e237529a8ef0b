public import DynaDFQ
import DFQFiles
import Foundation

/// Carries a plan out in a store: what is there is kept, what is missing is made.
///
/// ```swift
/// let plan = try ExperimentPlan(Recipe(contentsOf: "Recipes/demo.yaml"))
/// let run = try ExperimentRun(plan, in: Store(creating: "runs/demo"))
/// try run.run()
/// ```
///
/// The bits of artefacts do not depend on the number of jobs, nor on how many processes share the store.
public struct ExperimentRun: Sendable {
  /// The plan.
  public let plan: ExperimentPlan
  /// The store.
  public let store: Store
  /// How work is executed; its threads are divided between the jobs.
  public let context: ExecutionContext
  /// How many cells are worked on at a time.
  public let jobs: Int
  /// Whether other processes may work on the same store at the same time, on this machine or on others that see it.
  ///
  /// Each takes the next cell that nobody has or works on. Where it is false, a second one is refused.
  public let isShared: Bool

  /// Makes a run; the plan must have been made with the same instruction set and arithmetic.
  ///
  /// - Throws: ``ExperimentError/badJobs(found:)``.
  public init(
    _ plan: ExperimentPlan, in store: Store, jobs: Int = 1, isShared: Bool = false,
    context: ExecutionContext = .default
  ) throws {
    guard (1...64).contains(jobs) else { throw ExperimentError.badJobs(found: jobs) }
    self.plan = plan
    self.store = store
    self.jobs = jobs
    self.isShared = isShared
    // A cell is one process's work.
    var context = context
    context.communicator = SingleProcess()
    self.context = context
  }

  /// The cells that are still to be done: those that nothing in the plan takes as an input and that are
  /// missing, and what they need.
  ///
  /// - Throws: What reading the results throws.
  public func pending() throws -> [Cell] {
    let finished = Set(try store.results().map(\.key))
    let used = Set(plan.cells.flatMap(\.inputs))
    var needed = Set<String>()
    // Inputs come before their users, so that one sweep from the end finds all.
    for cell in plan.cells.reversed() {
      let isWanted = !used.contains(cell.key) || cell.isResult || needed.contains(cell.key)
      guard isWanted, !store.has(cell) || (cell.isResult && !finished.contains(cell.key)) else {
        continue
      }
      needed.insert(cell.key)
      needed.formUnion(cell.inputs)
    }
    return plan.cells.filter {
      needed.contains($0.key)
        && (!store.has($0) || ($0.isResult && !finished.contains($0.key)))
    }
  }

  /// Does what is pending; a run that finds unfinished cells continues them.
  ///
  /// - Parameter progress: Called after every step of every cell, one call at a time; an error that
  ///   it throws ends the run, with the state of unfinished cells kept.
  /// - Returns: What was done.
  /// - Throws: ``ExperimentError/cellsFailed(count:of:first:reason:)`` after all other cells are
  ///   finished; ``StoreError``; `CancellationError`; what `progress` throws.
  @discardableResult
  public func run(
    progress: (@Sendable (ExperimentProgress) throws -> Void)? = nil
  ) throws -> ExperimentSummary {
    try run(stop: StopSwitch(), progress: progress)
  }

  /// The same off the caller's executor; cancelling the task ends the run at its next step.
  ///
  /// - Throws: As `run(progress:)`.
  @discardableResult
  public func run(
    progress: (@Sendable (ExperimentProgress) throws -> Void)? = nil
  ) async throws -> ExperimentSummary {
    let stop = StopSwitch()
    return try await withTaskCancellationHandler {
      try await Task.detached { try self.run(stop: stop, progress: progress) }.value
    } onCancel: {
      stop.stop()
    }
  }

  private func run(
    stop: StopSwitch, progress: (@Sendable (ExperimentProgress) throws -> Void)?
  ) throws -> ExperimentSummary {
    let lock = try StoreLock(store, isShared: isShared)
    defer { withExtendedLifetime(lock) {} }
    let start = ContinuousClock.now
    try store.keep(plan.recipe)
    let pending = try pending()
    for cell in plan.cells where store.has(cell) { store.removeState(of: cell.key) }
    let results = ResultSink(store)
    let costs = try CostModel(plan, store: store, context: context, measures: false)
    let scheduler = Scheduler(pending, weights: pending.map(costs.seconds), progress: progress)
    stop.attach(scheduler)
    perform(pending, scheduler, results)
    if let error = scheduler.error { throw error }
    let relabelled = try relabel()
    if let first = scheduler.failures.first {
      throw ExperimentError.cellsFailed(
        count: scheduler.failures.count, of: pending.count, first: first.title,
        reason: "\(first.error)")
    }
    return ExperimentSummary(
      recipe: plan.recipe.name, cells: plan.cells.count, finished: scheduler.finished,
      reused: plan.cells.count - scheduler.finished, results: results.count + relabelled,
      seconds: Double((ContinuousClock.now - start).components.seconds))
  }

  /// All workers, the first on the calling thread.
  private func perform(_ pending: [Cell], _ scheduler: Scheduler, _ results: ResultSink) {
    let workers = max(1, min(jobs, pending.count))
    let total = context.pool.threads
    let contexts = (0..<workers).map { worker in
      let threads = max(1, total / workers + (worker < total % workers ? 1 : 0))
      guard workers > 1 else { return context }
      var own = context
      own.pool = WorkerPool(threads: threads)
      own.memoryLimit = context.memoryLimit.map { $0 / workers }
      return own
    }
    let ledger = WorkLedger(directory: store.claims)
    @Sendable func work(_ context: ExecutionContext) {
      scheduler.work { cell, progress in
        var claim: WorkLedger.Claim?
        if isShared {
          claim = try ledger.claim(cell.key)
          if claim == nil { return .elsewhere }
          if try isFinished(cell) { return .found }
        }
        defer { withExtendedLifetime(claim) {} }
        let worker = CellWorker(store: store, context: context, progress: progress)
        let outcome = try worker.run(cell)
        if let record = outcome.record { try results.append(record) }
        store.removeState(of: cell.key)
        return .done(seconds: outcome.info.run.seconds)
      }
    }
    let group = DispatchGroup()
    for context in contexts.dropFirst() {
      group.enter()
      let thread = Thread {
        work(context)
        group.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    work(contexts[0])
    group.wait()
  }

  /// Whether a process has finished a cell since this one began.
  private func isFinished(_ cell: Cell) throws -> Bool {
    guard store.has(cell) else { return false }
    return try !cell.isResult || store.results().contains { $0.key == cell.key }
  }

  /// Where the same result has got another name, or a name another result, a line says so: of lines
  /// with one name the last counts.
  private func relabel() throws -> Int {
    // All cells are done by now: another process that is at it says the same.
    guard let claim = try WorkLedger(directory: store.claims).claim("labels") else { return 0 }
    defer { withExtendedLifetime(claim) {} }
    let records = try store.results()
    var last: [CellLabel: String] = [:]
    for record in records { last[record.label] = record.key }
    var added = 0
    for (label, key) in plan.evaluations where last[label] != key {
      guard var record = records.last(where: { $0.key == key }) else { continue }
      record.label = label
      try store.append(record)
      last[label] = key
      added += 1
    }
    return added
  }
}

extension Cell {
  /// Whether the cell ends in a line of results.
  var isResult: Bool {
    switch self {
    case .teacher, .evaluation: true
    case .images, .student, .cascade, .upperBound: false
    }
  }
}

/// Appends results, one at a time.
private final class ResultSink: @unchecked Sendable {
  private let lock = NSLock()
  private let store: Store
  private var appended = 0

  init(_ store: Store) { self.store = store }

  func append(_ record: ResultRecord) throws {
    try lock.withLock {
      try store.append(record)
      appended += 1
    }
  }

  var count: Int { lock.withLock { appended } }
}

/// Hands a cancellation to a scheduler that may not exist yet.
final class StopSwitch: @unchecked Sendable {
  private let lock = NSLock()
  private var isStopped = false
  private var scheduler: Scheduler?

  func attach(_ scheduler: Scheduler) {
    lock.withLock {
      self.scheduler = scheduler
      if isStopped { scheduler.stop(CancellationError()) }
    }
  }

  func stop() {
    lock.withLock {
      isStopped = true
      scheduler?.stop(CancellationError())
    }
  }
}
