import DFQNetwork
import DFQTensor

/// One run's executor; a batch is a function of its number and the seed alone.
final class SynthesisRun {
  private let synthesizer: SoftLabelSynthesizer
  private let statistics: [any MomentObjective]
  private let executor: Executor
  private var configuration: SoftLabelSynthesizer.Configuration { synthesizer.configuration }
  private var teacher: Network { synthesizer.teacher }

  init(_ synthesizer: SoftLabelSynthesizer) throws {
    self.synthesizer = synthesizer
    statistics = try synthesizer.teacher.batchNormStatistics(
      variant: synthesizer.configuration.statistics,
      weight: synthesizer.configuration.statisticsWeight)
    executor = Executor(
      plan: Plan(synthesizer.teacher.graph, observing: Set(statistics.map(\.node))),
      context: synthesizer.context)
  }

  func batch(_ index: Int, progress: ((SynthesisProgress) -> Void)?) throws -> SyntheticImages {
    let count = min(configuration.batch, configuration.count - index * configuration.batch)
    let shape = Shape([count] + teacher.imageShape.dimensions)
    var labelStream = RandomStream(seed: configuration.seed, "labels", index)
    let labels = try checked(
      synthesizer.strategy.labels(count: count, network: teacher, stream: &labelStream), count)
    var noise = RandomStream(seed: configuration.seed, "synthesis", index)
    var pixels = noise.normals(shape.count)
    var crops = RandomStream(seed: configuration.seed, "synthesis augmentation", index)
    var adam = Adam(count: pixels.count)
    var schedule = PlateauSchedule(
      rate: configuration.learningRate, patience: configuration.patience)
    for step in 0..<configuration.steps {
      let images = Tensor(shape: shape, elements: pixels)
      let augmentation =
        augments && crops.uniform() < 0.5 ? Augmentation(batch: shape, stream: &crops) : nil
      let response = executor.run(
        images: augmentation?.apply(images) ?? images, parameters: teacher.parameters.values,
        request: request(labels.labels, gradient: true))
      guard response.totalLoss.isFinite else {
        throw NetworkError.lossNotFinite(
          what: "synthesis of batch \(index)", step: step, value: "\(response.totalLoss)")
      }
      let gradient = response.imageGradient!
      adam.step(
        &pixels, gradient: (augmentation?.transpose(gradient) ?? gradient).elements,
        rate: schedule.rate, context: synthesizer.context)
      progress?(report(index, step, response, schedule.rate))
      schedule.observe(response.totalLoss)
    }
    return try finish(Tensor(shape: shape, elements: pixels), labels)
  }

  private var augments: Bool {
    switch configuration.augmentation {
    case .always: true
    case .never: false
    case .automatic: teacher.imageShape[0] > 64
    }
  }

  private func request(_ labels: Tensor, gradient: Bool) -> ExecutorRequest {
    .init(
      imageObjectives: [
        CrossEntropy(
          labels: labels, node: teacher.graph.output, weight: configuration.labelWeight)
      ], momentObjectives: statistics, imageGradient: gradient)
  }

  private func report(
    _ batch: Int, _ step: Int, _ response: ExecutorResponse, _ rate: Float
  ) -> SynthesisProgress {
    SynthesisProgress(
      batch: batch, batches: synthesizer.batchCount, step: step + 1, steps: configuration.steps,
      statisticsLoss: zip(response.momentLosses, statistics).reduce(0) {
        $0 + $1.0 * Double($1.1.weight)
      }, crossEntropy: response.imageLosses[0], learningRate: rate)
  }

  /// A strategy's labels are checked like a file's.
  private func checked(_ batch: LabelBatch, _ count: Int) throws(SynthesisError) -> LabelBatch {
    let shape: Shape = [count, teacher.classCount]
    guard batch.labels.shape == shape, batch.isEasy.count == count, batch.anchors.count == count,
      batch.supports.count == count, batch.labels.isFinite,
      (batch.anchors + batch.supports.flatMap { $0 }).allSatisfy({
        (0..<teacher.classCount).contains($0)
      })
    else {
      throw .badImages(
        source: "\(type(of: synthesizer.strategy))",
        expected: "finite labels \(shape), a flag, an anchor and a support each",
        found: "\(batch.labels.shape)")
    }
    return batch
  }

  /// Difficulty of the finished images, without those the teacher places outside their label's
  /// support.
  private func finish(_ images: Tensor, _ batch: LabelBatch) throws -> SyntheticImages {
    let logits = try FloatExecutor(teacher, context: synthesizer.context).logits(ofInputs: images)
    let all = SyntheticImages(
      images: images, labels: batch.labels, isEasy: batch.isEasy, anchors: batch.anchors,
      difficulty: Difficulty.of(logits: logits, labels: batch.labels))
    let predictions = logits.argmaxOfRows()
    let faithful = predictions.indices.filter { batch.supports[$0].contains(predictions[$0]) }
    // Images without a label loss have no label to be unfaithful to.
    let drops = configuration.dropUnfaithful && configuration.labelWeight > 0
    let kept = drops ? all.subset(faithful) : all
    return SyntheticImages(
      images: kept.images, labels: kept.labels, isEasy: kept.isEasy, anchors: kept.anchors,
      difficulty: kept.difficulty, droppedCount: all.count - kept.count,
      provenance: synthesizer.provenance)
  }
}
