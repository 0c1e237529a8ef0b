import DFQEngine
import DFQGraph
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
    var targets = try SynthesisTargets(synthesizer, batch: index, count: count)
    var noise = RandomStream(seed: configuration.seed, "synthesis", index)
    var pixels = noise.normals(shape.count)
    var crops = RandomStream(seed: configuration.seed, "synthesis augmentation", index)
    var adam = Adam(count: pixels.count)
    var schedule = PlateauSchedule(
      rate: configuration.learningRate, patience: configuration.patience)
    for step in 0..<configuration.steps {
      let images = Tensor(shape: shape, elements: pixels)
      // One decision per step for the whole batch (methods.md 2.6, item 2).
      let augmentation =
        augments && crops.uniform() < 0.5 ? Augmentation(batch: shape, stream: &crops) : nil
      let response = try executor.run(
        images: augmentation?.apply(images) ?? images, parameters: teacher.parameters.values,
        request: request(targets.labels))
      let rate = schedule.rate
      let entropyLoss = try targets.step(
        logits: response.outputs[0], share: rate / configuration.learningRate)
      let total = response.totalLoss + entropyLoss.weighted
      try demandFinite(total, index, step)
      let gradient = response.imageGradient!
      try adam.step(
        &pixels, gradient: (augmentation?.transpose(gradient) ?? gradient).elements,
        rate: rate, context: synthesizer.context)
      if configuration.clampPixels { clamp(&pixels) }
      progress?(report(index, step, response, entropyLoss.value, rate))
      schedule.observe(total)
    }
    if !pixels.allSatisfy(\.isFinite) { try demandFinite(.nan, index, configuration.steps) }
    return try finish(Tensor(shape: shape, elements: pixels), targets.final)
  }

  private func demandFinite(_ loss: Double, _ batch: Int, _ step: Int) throws {
    guard loss.isFinite else {
      throw NetworkError.lossNotFinite(
        what: "synthesis of batch \(batch)", step: step, value: "\(loss)")
    }
  }

  private var augments: Bool {
    switch configuration.augmentation {
    case .always: true
    case .never: false
    case .automatic: teacher.imageShape[0] > 64
    }
  }

  private func request(_ labels: Tensor) -> PassRequest {
    let output = teacher.graph.output
    let weight = configuration.isUnlabelled ? 0 : configuration.labelWeight
    return .init(
      imageObjectives: [CrossEntropy(labels: labels, node: output, weight: weight)],
      momentObjectives: statistics, imageGradient: true, outputs: [output])
  }

  /// Moves pixels to where real ones can be, 0...1 before normalization.
  private func clamp(_ pixels: inout [Float]) {
    let normalization = teacher.preprocessing
    let channels = normalization.mean.count
    let low = zip(normalization.mean, normalization.standardDeviation).map { -$0 / $1 }
    let high = zip(normalization.mean, normalization.standardDeviation).map { (1 - $0) / $1 }
    for place in pixels.indices {
      pixels[place] = min(max(pixels[place], low[place % channels]), high[place % channels])
    }
  }

  private func report(
    _ batch: Int, _ step: Int, _ response: PassResult, _ entropyLoss: Double, _ rate: Float
  ) -> SynthesisProgress {
    SynthesisProgress(
      batch: batch, batches: synthesizer.batchCount, step: step + 1, steps: configuration.steps,
      statisticsLoss: zip(response.momentLosses, statistics).reduce(0) {
        $0 + $1.0 * Double($1.1.weight)
      }, crossEntropy: configuration.isUnlabelled ? 0 : response.imageLosses[0],
      entropyLoss: entropyLoss, learningRate: rate)
  }

  /// Difficulty of the finished images, without those the teacher places outside their label's
  /// support.
  private func finish(_ images: Tensor, _ batch: LabelBatch) throws -> SyntheticImages {
    let logits = try FloatExecutor(teacher, context: synthesizer.context).logits(ofInputs: images)
    let batch = configuration.isUnlabelled ? LabelBatch(predictions: logits) : batch
    let all = SyntheticImages(
      images: images, labels: batch.labels, isEasy: batch.isEasy, anchors: batch.anchors,
      difficulty: Difficulty.of(logits: logits, labels: batch.labels))
    let predictions = logits.argmaxOfRows()
    let faithful = predictions.indices.filter { batch.supports[$0].contains(predictions[$0]) }
    let kept = configuration.dropUnfaithful ? all.subset(faithful) : all
    return SyntheticImages(
      images: kept.images, labels: kept.labels, isEasy: kept.isEasy, anchors: kept.anchors,
      difficulty: kept.difficulty, droppedCount: all.count - kept.count,
      provenance: synthesizer.provenance)
  }
}
