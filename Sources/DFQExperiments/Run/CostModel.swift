public import DynaDFQ

/// Estimates how long cells take, from earlier work in the store or else from a short measurement on
/// this machine.
public struct CostModel: Sendable {
  /// Seconds for each image and step on one thread pool, by kind of work.
  private var secondsPerImage: [String: Double] = [:]
  /// The kinds that were measured and not taken from the store.
  public private(set) var measured: [String] = []

  /// Takes what the store knows and measures the rest, a second or so for each kind.
  ///
  /// - Throws: What the work throws.
  public init(
    _ plan: ExperimentPlan, store: Store?, context: ExecutionContext, measures: Bool = true
  ) throws {
    var earlier: [String: [Double]] = [:]
    for info in store.map(ArtefactInfo.all) ?? []
    where !info.run.wasResumed && info.work > 0 && info.run.seconds > 0
      && info.run.threads == context.pool.threads
      && info.run.instructionSet == context.instructionSet.rawValue
    {
      earlier[info.workKind, default: []].append(info.run.seconds / info.work)
    }
    for (kind, values) in earlier { secondsPerImage[kind] = values.sorted()[values.count / 2] }
    guard measures else { return }
    for cell in plan.cells where secondsPerImage[cell.workKind] == nil {
      secondsPerImage[cell.workKind] = try CostModel.measure(cell, context: context)
      measured.append(cell.workKind)
    }
  }

  /// The estimated seconds of a cell.
  public func seconds(_ cell: Cell) -> Double {
    let known = secondsPerImage[cell.workKind]
    return max(cell.work * (known ?? Double(cell.network.graph.macs) / cell.usualSpeed), 0.001)
  }

  /// Seconds for an image and step of a cell's kind of work.
  private static func measure(_ cell: Cell, context: ExecutionContext) throws -> Double {
    let network = cell.network
    let clock = ContinuousClock()
    var marks: [ContinuousClock.Instant] = []
    let batch: Int
    switch cell {
    case .images(let cell) where cell.settings.generator != nil:
      var source = try generator(cell.settings, network, warmUpSteps: 4, context)
      batch = source.configuration.imagesPerStep
      try source.warmUp { _ in marks.append(clock.now) }
    case .images(let cell):
      guard var run = cell.settings.run else { return 0.001 }
      batch = min(run.imagesPerBatch, run.count, 64)
      run.count = batch
      run.steps = 5
      run.dropUnfaithful = false
      _ = try cell.settings.synthesizer(network, run: run, context: context)?.synthesize { _ in
        marks.append(clock.now)
      }
    case .student(_), .upperBound(_):
      guard var settings = cell.studentSettings else { return 0.001 }
      batch = min(settings.training.imagesPerStep, 64)
      settings.training.steps = 6
      settings.training.imagesPerStep = batch
      settings.training.learningRate = 1e-7
      settings.training.holdOut = 0
      settings.training.budget = nil
      settings.training.perturbation = nil
      settings.training.adaptiveRounding = nil
      let trainer = settings.trainer(network, context: context)
      let session: StudentSession
      if case .student(let cell) = cell, cell.imageSettings.generator != nil {
        session = try StudentSession(
          trainer, on: generator(cell.imageSettings, network, warmUpSteps: 0, context))
      } else {
        let images = try SyntheticImages.noise(count: max(batch, 16), for: network, seed: 0)
        session = try StudentSession(trainer, on: images)
      }
      while session.stepsDone < 6 {
        try session.step()
        marks.append(clock.now)
      }
    case .teacher:
      batch = 128
      let images = try SyntheticImages.noise(count: batch, for: network, seed: 0)
      let executor = FloatExecutor(network, context: context)
      for _ in 0..<4 {
        _ = try executor.logits(ofInputs: images.images)
        marks.append(clock.now)
      }
    case .cascade, .evaluation:
      batch = 128
      let images = try SyntheticImages.noise(count: batch, for: network, seed: 0)
      var student = try QuantizedNetwork(
        network: network, quantizer: Quantizer(weightBits: 4, activationBits: [4]))
      try student.calibrate(batches: [images.images], context: context)
      let classifier = StudentClassifier(student, context: context)
      for _ in 0..<4 {
        _ = try classifier.logits(ofInputs: images.images)
        marks.append(clock.now)
      }
    }
    // The first step pays for memory and caches.
    guard marks.count > 2 else { return 0.001 }
    let (seconds, attoseconds) = (marks[marks.count - 1] - marks[0]).components
    let total = Double(seconds) + Double(attoseconds) * 1e-18
    return total / Double(marks.count - 1) / Double(batch)
  }
  /// A generator of some settings with few steps of warm-up and small batches.
  private static func generator(
    _ settings: ImageSettings, _ network: Network, warmUpSteps: Int, _ context: ExecutionContext
  ) throws -> GeneratorSource {
    guard case .generator(let method, var configuration) = settings else {
      preconditionFailure("settings of a generator")
    }
    configuration.warmUpSteps = warmUpSteps
    configuration.imagesPerStep = min(configuration.imagesPerStep, 64)
    return try GeneratorSource(
      teacher: network, method: method, configuration: configuration, context: context)
  }
}
