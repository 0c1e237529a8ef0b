import DFQEngine
import DFQGraph
public import DFQQuantization
public import DFQSynthesis
import DFQTensor

/// One run of a student's training, step by step.
///
/// `train(on:checkpoint:executionChange:progress:)` is a
/// loop over ``step()`` and ``finish()``. Use a session directly to look at the student between
/// steps or to stop early:
///
/// ```swift
/// let session = try StudentSession(trainer, on: images)
/// while session.stepsDone < 100 { try session.step() }
/// let student = try session.finish()
/// ```
///
/// A session keeps its memory between steps; use it from one task at a time.
public final class StudentSession {
  /// The trainer.
  public let trainer: DynamicTrainer
  var state: StudentState
  var images: ImageSupply
  let teacher: TeacherObserver
  let executor: StudentExecutor
  private let watcher: HeldOutWatcher?
  private let checkpoint: String?
  private let identity: RunIdentity?
  var configuration: DynamicTrainer.Configuration { trainer.configuration }

  /// Starts a run on a stored set, or resumes it from a checkpoint.
  ///
  /// - Throws: What ``DynamicTrainer`` throws before the first step.
  public convenience init(
    _ trainer: DynamicTrainer, on images: SyntheticImages, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused
  ) throws {
    try self.init(
      trainer, ImageSupply(trainer, images), checkpoint: checkpoint,
      executionChange: executionChange)
  }

  /// Starts a run on a source, or resumes it from a checkpoint.
  ///
  /// - Throws: What ``DynamicTrainer`` throws before the first step, and what the source throws.
  public convenience init(
    _ trainer: DynamicTrainer, on source: any ImageSource, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused
  ) throws {
    try self.init(
      trainer, ImageSupply(trainer, source), checkpoint: checkpoint,
      executionChange: executionChange)
  }

  private init(
    _ trainer: DynamicTrainer, _ supply: ImageSupply, checkpoint path: String?,
    executionChange: ExecutionChange
  ) throws {
    self.trainer = trainer
    checkpoint = path
    images = supply
    let communicator = trainer.context.communicator
    if path != nil || communicator.processes > 1 {
      identity = try trainer.identity(images: supply.identity)
      try communicator.demandAgreement(on: identity?.text ?? "", about: "settings and images")
    } else {
      identity = nil
    }
    let found = try TrainingCheckpoint.existing(at: path)
    // A process that does not see the others' checkpoint would start anew.
    try communicator.demandAgreement(
      on: found.map { "\($0.counters.sorted { $0.key < $1.key })" } ?? "none", about: "checkpoint")
    if let path, let identity, let found {
      try found.check(identity, executionChange: executionChange)
      state = try StudentState(found, path: path, trainer: trainer)
      images.source.state = try found.source(like: images.source.state)
    } else {
      state = StudentState(
        try trainer.calibrated(on: images.calibrationImages()), trainer: trainer)
    }
    try trainer.checkBudget(state.student)
    teacher = try TeacherObserver(trainer)
    let nodes = try trainer.objectives.flatMap { $0.studentLayers(in: trainer.teacher) }
      .map { try $0.node(in: trainer.teacher) }
    executor = StudentExecutor(
      state.student, observing: Set(nodes), context: trainer.context)
    watcher = try HeldOutWatcher(trainer, images.heldOut)
  }

  /// The student after the last step; ``finish()`` gives the one with averaged parameters, where
  /// averages are kept, that meets the budget.
  public var student: QuantizedNetwork { state.student }
  /// The steps done, those before an interruption included.
  public var stepsDone: Int { state.step }
  /// Whether all steps are done.
  public var isFinished: Bool { state.step >= configuration.steps }

  /// Ends the run: fits a selector that is fitted, calibrates the price of a bit and checks the
  /// student.
  ///
  /// - Throws: ``TrainingError/budgetNotMet(bits:reached:)``, and `QuantizationError` or
  ///   `NetworkError` for a student whose numbers or logits are not finite.
  public func finish() throws -> QuantizedNetwork {
    try reconstruct()
    var student = state.averagedStudent
    try student.checkFinite()
    let probe = try images.calibrationImages(step: configuration.steps)
    try trainer.fitSelector(of: &student, on: probe)
    try trainer.meetBudget(&student, images: probe)
    try student.checkFinite()
    try trainer.checkLogits(of: student, images: probe)
    return student
  }

  /// Writes the state where the run has a path for it; of several processes the first does.
  ///
  /// - Throws: `QuantizationError` or `NetworkError` for numbers that are not finite,
  ///   `InterchangeError`.
  public func save() throws {
    guard let checkpoint, let identity, trainer.context.communicator.rank == 0 else { return }
    try state.checkpoint(identity, source: images.source.state).write(to: checkpoint)
  }

  /// Learns the rounding of all units that are left, takes all steps that are left and ends the run.
  func run(progress: ((TrainingProgress) throws -> Void)?) throws -> QuantizedNetwork {
    try reconstruct(progress: progress)
    while !isFinished {
      do {
        try Task.checkCancellation()
      } catch {
        try save()
        throw error
      }
      var report = try step()
      let isDue = state.step % configuration.checkpointInterval == 0 || isFinished
      if isDue {
        report.heldOutAgreement = try watcher?.agreement(of: state.averagedStudent)
        try save()
      }
      do {
        try progress?(report)
      } catch {
        if !isDue { try save() }
        throw error
      }
    }
    return try finish()
  }
}
