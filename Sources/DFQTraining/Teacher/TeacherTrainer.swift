public import DFQFiles
import DFQEngine
public import DFQGraph
public import DFQTensor

/// Trains a full-precision network on real, labelled images, where there is no public one to start
/// from.
///
/// Nothing of the data-free path uses it.
public struct TeacherTrainer: Sendable {
  /// What a run reports after a step.
  public struct Progress: Sendable {
    /// The steps done.
    public var step: Int
    /// The steps of the whole run.
    public var steps: Int
    /// The steps of one epoch.
    public var stepsPerEpoch: Int
    /// The cross entropy of the step.
    public var loss: Double
    /// The share of the step's images classified as labelled.
    public var accuracy: Double
    /// The learning rate.
    public var learningRate: Float
  }

  /// The architecture.
  public let architecture: Architecture
  /// Everything else a run depends on.
  public let configuration: Configuration
  /// How work is executed.
  public let context: ExecutionContext

  /// Makes a trainer.
  public init(
    architecture: Architecture, configuration: Configuration = .init(),
    context: ExecutionContext = .default
  ) {
    self.architecture = architecture
    self.configuration = configuration
    self.context = context
  }

  /// Trains a network.
  ///
  /// With `checkpoint`, the state is written there after every epoch, and when the task is cancelled
  /// or `progress` throws; a run that finds the file resumes from it to the same bits.
  ///
  /// - Throws: ``TrainingError``, ``NetworkError``, ``InterchangeError`` for files, what the data
  ///   set and `progress` throw, and `CancellationError`.
  public func train(
    on images: any RealImages, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused, progress: ((Progress) throws -> Void)? = nil
  ) throws -> Network {
    try configuration.check()
    guard images.count >= configuration.imagesPerStep else {
      throw TrainingError.imagesDoNotFit(
        expected: "at least one step of \(configuration.imagesPerStep)",
        found: "\(images.count) images")
    }
    let start = try architecture.network(seed: configuration.seed)
    let session = try TeacherSession(start, configuration: configuration, context: context)
    let data = try RealBatches(images, network: session.network, configuration: configuration)
    let isShared = context.communicator.processes > 1
    let identity = checkpoint == nil && !isShared ? nil : try runIdentity(images, data)
    try context.communicator.demandAgreement(
      on: identity?.text ?? "", about: "settings and images")
    if let checkpoint, let identity,
      let found = try TrainingCheckpoint.existing(at: checkpoint)
    {
      try found.check(identity, executionChange: executionChange)
      try session.restore(found, path: checkpoint, steps: steps(images))
    }
    try context.communicator.demandAgreement(on: "\(session.stepsDone)", about: "checkpoint")
    func save() throws {
      // Of several processes the first writes.
      guard let checkpoint, let identity, context.communicator.rank == 0 else { return }
      try session.checkpoint(identity).write(to: checkpoint)
    }
    while session.stepsDone < steps(images) {
      do {
        try Task.checkCancellation()
      } catch {
        try save()
        throw error
      }
      let report = try step(session, data, images)
      let isDue = session.stepsDone % report.stepsPerEpoch == 0
      if isDue { try save() }
      do {
        try progress?(report)
      } catch {
        if !isDue { try save() }
        throw error
      }
    }
    try check(session.network, data, step: session.stepsDone)
    return session.network
  }

  /// The same off the caller's executor, ended by a cancellation of the caller's task.
  public func train(
    on images: any RealImages, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused,
    progress: (@Sendable (Progress) throws -> Void)? = nil
  ) async throws -> Network {
    try await detached {
      try train(
        on: images, checkpoint: checkpoint, executionChange: executionChange, progress: progress)
    }
  }

  private func steps(_ images: any RealImages) -> Int {
    images.count / configuration.imagesPerStep * configuration.epochs
  }

  private func step(
    _ session: TeacherSession, _ data: RealBatches, _ images: any RealImages
  ) throws -> Progress {
    let total = steps(images)
    let (inputs, labels, classes) = try data.batch(session.stepsDone)
    let rate =
      configuration.learningRate
      * configuration.schedule.factor(step: session.stepsDone, total: total)
    let result = try session.step(images: inputs, labels: labels, learningRate: rate)
    let hits = zip(result.logits.argmaxOfRows(), classes).filter { $0 == $1 }.count
    return Progress(
      step: session.stepsDone, steps: total,
      stepsPerEpoch: images.count / configuration.imagesPerStep, loss: result.loss,
      accuracy: Double(hits) / Double(classes.count), learningRate: rate)
  }

  /// Checks that a trained network's parameters, and its logits of a few images, are finite.
  private func check(_ network: Network, _ data: RealBatches, step: Int) throws {
    try network.checkFinite()
    let logits = try FloatExecutor(network, context: context).logits(ofInputs: data.first(16))
    guard logits.isFinite else {
      throw NetworkError.lossNotFinite(
        what: "teacher training", step: step, value: "not a number for the trained network")
    }
  }

  /// What must be equal for a run to resume.
  private func runIdentity(_ images: any RealImages, _ data: RealBatches) throws -> RunIdentity {
    var identity = RunIdentity()
    identity.add("trainer", "teacher")
    identity.add("architecture", architecture.name)
    try identity.add("configuration", encoding: configuration)
    identity.add("configuration.seed", "\(configuration.seed)")
    identity.add("images.name", images.name)
    identity.add("images.count", "\(images.count)")
    identity.add("images.digest", data.digest)
    identity.add(context)
    return identity
  }
}
