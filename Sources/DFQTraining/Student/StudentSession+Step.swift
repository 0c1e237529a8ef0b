import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis
import DFQTensor

extension StudentSession {
  /// Takes the next step: batch, teacher, student forward and backward, all updates.
  ///
  /// It depends on nothing but the state. With a ``Perturbation`` the batch is run twice: its images,
  /// and the images moved along the gradient; losses and gradients of both are added.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)`` for a step after the last,
  ///   ``NetworkError/lossNotFinite(what:step:value:)``,
  ///   ``NetworkError/notObserved(layer:)`` for an objective's loss at a layer that it does not
  ///   observe, and what objectives and the source throw.
  @discardableResult
  public func step() throws -> TrainingProgress {
    try demand(!isFinished, "a step below \(configuration.steps)", state.step)
    try reconstruct()
    let supplied = try images.batch(step: state.step)
    let batch = try TrainingBatch(supplied, step: state.step, configuration: configuration)
    // A selector that is not learned by gradient leaves all steps to random candidates.
    let isWarmup =
      state.student.isDynamic
      && (state.step < configuration.warmupSteps || state.student.selectorLearning != .gradient)
    let policy = isWarmup ? warmupPolicy() : BitPolicy.selector
    // Mean bits are those of all images that are run.
    let runCount = configuration.perturbation == nil ? 1 : 2
    let slope = isWarmup ? 0 : state.budget.slope / Float(batch.inputs.rowCount * runCount)
    let settings = PassSettings(
      policy: policy, trainsSelector: state.student.isDynamic && !isWarmup, budgetSlope: slope,
      bitRatio: isWarmup ? 0 : state.budget.ratio / Float(batch.inputs.rowCount * runCount),
      noise: noise(),
      weights: executor.effectiveWeights(state.student))
    let clean = try pass(batch, settings, perturbation: configuration.perturbation)
    var response = clean.response
    if let perturbation = configuration.perturbation {
      let moved = try self.moved(batch, by: perturbation, clean.view, response)
      response.add(try pass(moved, settings).response)
    }
    guard response.pass.totalLoss.isFinite else {
      throw NetworkError.lossNotFinite(
        what: "student training", step: state.step, value: "\(response.pass.totalLoss)")
    }
    try images.source.learn(feedback(supplied))
    let rate = state.groups[0].group.rate(step: state.step, of: configuration.steps)
    try state.update(response, trainer: trainer)
    var meanBits: Double?
    if state.student.isDynamic {
      let bits = state.student.meanBits(response.bits)
      let mean = bits.reduce(0, +) / Double(bits.count)
      if !isWarmup { state.budget.observe(Float(mean)) }
      meanBits = mean
    }
    state.step += 1
    return TrainingProgress(
      step: state.step, steps: configuration.steps,
      losses: named(response.pass.imageLosses, counts: clean.counts),
      totalLoss: response.pass.totalLoss, meanBits: meanBits, learningRate: rate)
  }

  /// Runs the student on a batch, forward and backward; with a perturbation also for what moving the
  /// images needs.
  private func pass(
    _ batch: TrainingBatch, _ settings: PassSettings, perturbation: Perturbation? = nil
  ) throws -> (response: StudentExecutor.Response, counts: [Int], view: ObjectiveBatch) {
    let view = ObjectiveBatch(
      step: state.step, stepCount: configuration.steps, batch: batch, network: trainer.teacher,
      teacherValues: try teacher.values(batch.inputs), student: state.student,
      studentWeights: settings.weights)
    let (objectives, counts) = try losses(for: view)
    let path = perturbation?.path
    let response = try executor.run(
      state.student, images: batch.inputs,
      request: .init(
        imageObjectives: objectives, imageGradient: path == .both || path == .student,
        parameterGradient: true,
        outputs: path == .both || path == .teacher ? try observedNodes() : []),
      policy: settings.policy, trainsSelector: settings.trainsSelector,
      budgetSlope: settings.budgetSlope, bitRatio: settings.bitRatio,
      selectorNoise: settings.noise, effective: settings.weights)
    return (response, counts, view)
  }

  /// The losses of all objectives, and how many are each one's.
  private func losses(
    for view: ObjectiveBatch
  ) throws -> (objectives: [any ImageObjective], counts: [Int]) {
    var result: [any ImageObjective] = []
    var counts: [Int] = []
    for objective in trainer.objectives {
      let losses = try objective.losses(for: view)
      let allowed = Set(try objective.studentLayers(in: trainer.teacher).map { try view.node($0) })
      for loss in losses where !allowed.contains(loss.node) {
        let nodes = trainer.teacher.graph.nodes
        throw NetworkError.notObserved(
          layer: nodes.indices.contains(loss.node) ? nodes[loss.node].name : "\(loss.node)")
      }
      result += losses
      counts.append(losses.count)
    }
    return (result, counts)
  }

  private func named(_ values: [Double], counts: [Int]) -> [NamedLoss] {
    var next = 0
    return zip(trainer.objectives, counts).map { objective, count in
      defer { next += count }
      return (name: objective.name, value: values[next..<next + count].reduce(0, +))
    }
  }

  /// The seed of a step's Gumbel noise.
  private func noise() -> UInt64 {
    var stream = RandomStream(seed: configuration.seed, "selector noise", state.step)
    return stream.next()
  }

  private func warmupPolicy() -> BitPolicy {
    var stream = RandomStream(seed: configuration.seed, "warm-up", state.step)
    return .table(
      state.student.randomChoices(images: configuration.imagesPerStep) {
        stream.integer(below: $0)
      })
  }

  /// What the source may learn from: the student before this step's update.
  private func feedback(_ batch: SyntheticBatch) -> SourceFeedback {
    let (student, executor) = (state.student, executor)
    return SourceFeedback(step: state.step, batch: batch) { inputs, objectives in
      guard inputs.rowShape == student.network.imageShape else {
        throw NetworkError.imageShape(
          expected: student.network.imageShape, found: inputs.rowShape)
      }
      return try executor.run(
        student, images: inputs,
        request: .init(
          imageObjectives: objectives, imageGradient: !objectives.isEmpty,
          outputs: [student.network.graph.output]),
        policy: .selector
      ).pass
    }
  }
}

/// How the passes of one step run.
private struct PassSettings {
  let policy: BitPolicy
  let trainsSelector: Bool
  let budgetSlope: Float
  let bitRatio: Float
  let noise: UInt64
  let weights: EffectiveWeights
}

/// Runs the teacher for the values that objectives ask for.
final class TeacherObserver {
  private let executor: FloatExecutor?
  private let nodes: [Int]

  init(_ trainer: DynamicTrainer) throws {
    nodes = try Set(
      trainer.objectives.flatMap { $0.teacherLayers(in: trainer.teacher) }
        .map { try $0.node(in: trainer.teacher) }
    ).sorted()
    executor =
      nodes.isEmpty
      ? nil : FloatExecutor(trainer.teacher, nodes: Set(nodes), context: trainer.context)
  }

  /// The values of the nodes, by node.
  func values(_ inputs: Tensor) throws -> [Int: Tensor] {
    guard let executor else { return [:] }
    let values = try executor.values(of: nodes, inputs: inputs)
    return Dictionary(uniqueKeysWithValues: zip(nodes, values))
  }

  /// The gradient at the inputs of losses on the teacher's values; nil without losses.
  func gradient(_ inputs: Tensor, _ losses: [any ImageObjective]) throws -> Tensor? {
    guard let executor, !losses.isEmpty else { return nil }
    return try executor.run(
      inputs, request: .init(imageObjectives: losses, imageGradient: true)
    ).imageGradient
  }
}
