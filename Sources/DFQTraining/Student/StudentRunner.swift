import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis
import DFQTensor

/// One run's executors and data; takes steps that depend on nothing but the state.
final class StudentRunner {
  private let trainer: DynamicTrainer
  private let images: SyntheticImages
  private let teacher: FloatExecutor
  private let executor: StudentExecutor
  private let learned: [Range<Int>]
  private var configuration: DynamicTrainer.Configuration { trainer.configuration }

  init(trainer: DynamicTrainer, images: SyntheticImages, student: QuantizedNetwork) {
    self.trainer = trainer
    self.images = images
    teacher = FloatExecutor(trainer.teacher, context: trainer.context)
    executor = StudentExecutor(student, context: trainer.context)
    learned = student.network.parameters.layout.learnedRanges
  }

  /// Takes a step: batch, teacher, student forward and backward, all updates.
  func step(_ state: inout StudentState) throws -> TrainingProgress {
    let batch = TrainingBatch(images, step: state.step, configuration: configuration)
    let teacherLogits = try teacher.logits(ofInputs: batch.inputs)
    let output = state.student.network.graph.output
    // A selector that is not learned by gradient leaves all steps to random candidates.
    let warming =
      state.student.isDynamic
      && (Double(state.step) < configuration.warmup * Double(configuration.steps)
        || state.student.selectorLearning != .gradient)
    let policy = warming ? warmupPolicy(state) : BitPolicy.selector
    let slope = warming ? 0 : state.budgetSlope(configuration) / Float(batch.inputs.rowCount)
    let response = try executor.run(
      state.student, images: batch.inputs,
      request: .init(
        imageObjectives: [
          CrossEntropy(labels: batch.labels, node: output, weight: configuration.labelWeight),
          Distillation(
            teacherLogits: teacherLogits, node: output, temperature: configuration.temperature,
            weight: configuration.distillationWeight),
        ], parameterGradient: true),
      policy: policy, trainsSelector: state.student.isDynamic && !warming, budgetSlope: slope)
    guard response.pass.totalLoss.isFinite else {
      throw NetworkError.lossNotFinite(
        what: "student training", step: state.step, value: "\(response.pass.totalLoss)")
    }
    let factor = configuration.schedule.factor(step: state.step, total: configuration.steps)
    let rate = baseRate(state.student) * factor
    try update(&state, response, rate: rate, factor: factor, warming: warming)
    var meanBits: Double?
    if state.student.isDynamic {
      let bits = state.student.meanBits(response.bits)
      let mean = bits.reduce(0, +) / Double(bits.count)
      if !warming { state.observe(meanBits: Float(mean), configuration) }
      meanBits = mean
    }
    state.step += 1
    return TrainingProgress(
      step: state.step, steps: configuration.steps, crossEntropy: response.pass.imageLosses[0],
      distillation: response.pass.imageLosses[1], meanBits: meanBits, learningRate: rate)
  }

  private func baseRate(_ student: QuantizedNetwork) -> Float {
    configuration.learningRate ?? (student.quantizer.weightBits >= 4 ? 3e-5 : 1e-5)
  }

  private func warmupPolicy(_ state: StudentState) -> BitPolicy {
    var stream = RandomStream(seed: configuration.seed, "warm-up", state.step)
    return .table(
      state.student.randomChoices(images: configuration.batch) { stream.integer(below: $0) })
  }

  private func update(
    _ state: inout StudentState, _ response: StudentExecutor.Response, rate: Float, factor: Float,
    warming: Bool
  ) throws {
    let context = trainer.context
    try state.weights.step(
      &state.student.network.parameters.values, gradient: response.parameterGradient, rate: rate,
      ranges: learned, context: context)
    if !state.logSteps.isEmpty {
      try state.steps.step(
        &state.logSteps,
        gradient: state.student.learnedStepGradient(
          weights: response.weightStepGradient, activations: response.activationStepGradient),
        rate: configuration.stepLearningRate * factor, context: context)
      state.student.learnedSteps = state.logSteps
    }
    if state.student.isDynamic, !warming {
      try state.selectors.step(
        &state.student.selectorParameters, gradient: response.selectorGradient,
        rate: configuration.selectorLearningRate * factor, context: context)
    }
  }
}
