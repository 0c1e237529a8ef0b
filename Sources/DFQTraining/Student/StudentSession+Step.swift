import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis
import DFQTensor

extension StudentSession {
  /// Takes the next step: batch, teacher, student forward and backward, all updates.
  ///
  /// It depends on nothing but the state.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)`` for a step after the last,
  ///   ``NetworkError/lossNotFinite(what:step:value:)``,
  ///   ``NetworkError/notObserved(layer:)`` for an objective's loss at a layer that it does not
  ///   observe, and what objectives and the source throw.
  @discardableResult
  public func step() throws -> TrainingProgress {
    try demand(!isFinished, "a step below \(configuration.steps)", state.step)
    let supplied = try images.batch(step: state.step)
    let batch = try TrainingBatch(supplied, step: state.step, configuration: configuration)
    let (objectives, counts) = try losses(for: batch)
    // A selector that is not learned by gradient leaves all steps to random candidates.
    let isWarmup =
      state.student.isDynamic
      && (state.step < configuration.warmupSteps || state.student.selectorLearning != .gradient)
    let policy = isWarmup ? warmupPolicy() : BitPolicy.selector
    let slope = isWarmup ? 0 : state.budget.slope / Float(batch.inputs.rowCount)
    let response = try executor.run(
      state.student, images: batch.inputs,
      request: .init(imageObjectives: objectives, parameterGradient: true), policy: policy,
      trainsSelector: state.student.isDynamic && !isWarmup, budgetSlope: slope)
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
      losses: named(response.pass.imageLosses, counts: counts),
      totalLoss: response.pass.totalLoss, meanBits: meanBits, learningRate: rate)
  }

  /// The losses of all objectives, and how many are each one's.
  private func losses(
    for batch: TrainingBatch
  ) throws -> (objectives: [any ImageObjective], counts: [Int]) {
    let view = ObjectiveBatch(
      step: state.step, stepCount: configuration.steps, batch: batch, network: trainer.teacher,
      teacherValues: try teacher.values(batch.inputs))
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
}
