import DFQEngine
import DFQGraph
import DFQTensor

/// One run: its executor and the loop over pixels.
///
/// A batch is a function of its number, the seed and, where the method needs them, the batches
/// before.
final class SynthesisRun<Method: SynthesisMethod> {
  let provenance: [String: String]
  private let given: Method
  /// The method as it computes; nil before the first batch.
  private var prepared: Method?
  private let synthesizer: Synthesizer
  private var executor: FloatExecutor?
  /// The layers whose values the executor can observe.
  private var observed: Set<Int> = []
  private var configuration: Synthesizer.Configuration { synthesizer.configuration }
  private var teacher: Network { synthesizer.teacher }

  init(_ synthesizer: Synthesizer, _ method: Method) throws {
    self.synthesizer = synthesizer
    given = method
    provenance = try synthesizer.provenance()
  }

  func images(
    ofBatch index: Int, finished: [SyntheticImages],
    progress: ((SynthesisProgress) throws -> Void)? = nil
  ) throws -> SyntheticImages {
    let method = try method()
    let batch = SynthesisBatch(
      index: index, count: configuration.count(ofBatch: index), network: teacher,
      configuration: configuration, context: synthesizer.context,
      finished: method.needsFinishedBatches ? finished : [])
    var labels = RandomStream(seed: configuration.seed, "labels", index)
    var targets = try method.targets(batch, stream: &labels)
    var noise = RandomStream(seed: configuration.seed, "synthesis", index)
    var parameters: any ImageParameters
    if let made = try method.imageParameters(batch, stream: &noise) {
      parameters = made
    } else {
      let start = try method.startingImages(batch, stream: &noise)
      try demand(start, batch, "starting images")
      parameters = PixelParameters(start, bounds: configuration.clampPixels ? bounds : nil)
    }
    var crops = RandomStream(seed: configuration.seed, "synthesis augmentation", index)
    var schedule = PlateauSchedule(
      rate: configuration.learningRate, patience: configuration.patience)
    for step in 0..<configuration.steps {
      try Task.checkCancellation()
      let images = try parameters.images()
      let transform = try method.transform(step: step, batch: batch, stream: &crops)
      let objectives = try method.objectives(step: step, targets: targets, batch: batch)
      let rate = schedule.rate
      var pass = try pass(
        transform?.apply(images) ?? images, objectives, batch, readsLogits: targets.readsLogits)
      let learned = try targets.learn(
        logits: pass.logits, rateShare: rate / configuration.learningRate,
        context: synthesizer.context)
      let total = learned.reduce(pass.total) { $0 + $1.value }
      try demandFinite(total, index, step)
      if let transform {
        pass.gradient = try transform.pullback(pass.gradient, images: images)
        try demand(pass.gradient, batch, "gradient of a transform")
      }
      try parameters.learn(
        gradient: pass.gradient, step: step, rate: rate, context: synthesizer.context)
      try progress?(
        SynthesisProgress(
          batch: index, batches: configuration.batchCount, step: step + 1,
          steps: configuration.steps, losses: pass.losses + learned, learningRate: rate))
      schedule.observe(total)
    }
    var images = try parameters.images()
    try demand(images, batch, "finished images")
    if !images.elements.allSatisfy(\.isFinite) {
      try demandFinite(.nan, index, configuration.steps)
    }
    if configuration.clampPixels {
      var pixels = images.elements
      PixelParameters.clamp(&pixels, bounds)
      images = Tensor(shape: batch.shape, elements: pixels)
    }
    return try finish(images, targets.finalLabels, batch, method)
  }

  private func method() throws -> Method {
    if let prepared { return prepared }
    let made = try given.prepared(
      for: teacher, configuration: configuration, context: synthesizer.context)
    prepared = made
    return made
  }

  /// What one evaluation of the objectives gives.
  private struct Evaluation {
    var logits: Tensor
    var gradient: Tensor
    var total: Double
    var losses: [NamedLoss]
  }

  private func pass(
    _ images: Tensor, _ objectives: SynthesisObjectives, _ batch: SynthesisBatch,
    readsLogits: Bool
  ) throws -> Evaluation {
    try demand(images, batch, "transformed images")
    var evaluation = Evaluation(
      logits: Tensor(shape: [batch.count, teacher.classCount]),
      gradient: Tensor(shape: batch.shape), total: 0, losses: [])
    var losses = NamedLosses()
    let asksTeacher = !(objectives.images.isEmpty && objectives.moments.isEmpty)
    if asksTeacher || readsLogits {
      try addTeacher(images, objectives, wantsGradient: asksTeacher, &evaluation, &losses)
    }
    for objective in objectives.pixels {
      let (loss, gradient) = try objective.evaluate(images: images, context: synthesizer.context)
      try demand(gradient, batch, "gradient of \(objective.name)")
      let weight = objective.weight
      let kernels = synthesizer.context.kernels
      evaluation.gradient.withUnsafeMutableElements { sum in
        gradient.withUnsafeElements {
          kernels.axpy(weight, x: $0.baseAddress!, count: sum.count, y: sum.baseAddress!)
        }
      }
      losses.add(objective.name, Double(weight) * loss)
      evaluation.total += Double(weight) * loss
    }
    evaluation.losses = losses.values
    return evaluation
  }

  /// The teacher's part of an evaluation, the first one: its logits and the losses at its layers.
  private func addTeacher(
    _ images: Tensor, _ objectives: SynthesisObjectives, wantsGradient: Bool,
    _ evaluation: inout Evaluation, _ losses: inout NamedLosses
  ) throws {
    let result = try executor(for: objectives).run(
      images,
      request: PassRequest(
        imageObjectives: objectives.images, momentObjectives: objectives.moments,
        imageGradient: wantsGradient, outputs: [teacher.graph.output]))
    evaluation.logits = result.outputs[0]
    if let gradient = result.imageGradient { evaluation.gradient = gradient }
    evaluation.total = result.totalLoss
    for (objective, loss) in zip(objectives.images, result.imageLosses) {
      losses.add(objective.name, Double(objective.weight) * loss)
    }
    for (objective, loss) in zip(objectives.moments, result.momentLosses) {
      losses.add(objective.name, Double(objective.weight) * loss)
    }
  }

  /// The executor, made anew only where objectives look at layers that no objective looked at
  /// before.
  private func executor(for objectives: SynthesisObjectives) -> FloatExecutor {
    let nodes = Set(objectives.images.map(\.node) + objectives.moments.map(\.node))
      .subtracting([teacher.graph.output]).intersection(teacher.graph.nodes.indices)
    if let executor, nodes.isSubset(of: observed) { return executor }
    observed.formUnion(nodes)
    let made = FloatExecutor(teacher, nodes: observed, context: synthesizer.context)
    executor = made
    return made
  }

  private func demand(_ tensor: Tensor, _ batch: SynthesisBatch, _ what: String) throws {
    guard tensor.shape == batch.shape else {
      throw SynthesisError.badImages(
        source: "method \(Method.kind)", expected: "\(what) of shape \(batch.shape)",
        found: "\(tensor.shape)")
    }
  }

  private func demandFinite(_ loss: Double, _ batch: Int, _ step: Int) throws {
    guard loss.isFinite else {
      throw NetworkError.lossNotFinite(
        what: "synthesis of batch \(batch)", step: step, value: "\(loss)")
    }
  }

  /// Where pixels of real images can be, 0...1 before normalization, by channel.
  private var bounds: [ClosedRange<Float>] {
    let normalization = teacher.preprocessing
    return zip(normalization.mean, normalization.standardDeviation).map {
      (-$0 / $1)...((1 - $0) / $1)
    }
  }

  /// The finished images with their difficulty, without those that the method does not keep.
  private func finish(
    _ images: Tensor, _ labels: LabelBatch?, _ batch: SynthesisBatch, _ method: Method
  ) throws -> SyntheticImages {
    let logits = try FloatExecutor(teacher, context: synthesizer.context).logits(ofInputs: images)
    try labels?.check(
      count: batch.count, classes: teacher.classCount, source: "labels of method \(Method.kind)")
    let labels = labels ?? LabelBatch(predictions: logits)
    let all = SyntheticImages(
      images: images, labels: labels.labels, isEasy: labels.isEasy, anchors: labels.anchors,
      difficulty: try Difficulty.of(logits: logits, labels: labels.labels))
    let predictions = logits.argmaxOfRows()
    let faithful = predictions.indices.filter {
      method.keeps(
        prediction: predictions[$0], support: labels.supports[$0], difficulty: all.difficulty[$0])
    }
    let kept = configuration.dropUnfaithful ? try all.subset(faithful) : all
    return SyntheticImages(
      images: kept.images, labels: kept.labels, isEasy: kept.isEasy, anchors: kept.anchors,
      difficulty: kept.difficulty, droppedCount: all.count - kept.count, provenance: provenance)
  }
}

/// Losses summed by name, in the order of their first terms.
private struct NamedLosses {
  private(set) var values: [NamedLoss] = []

  mutating func add(_ name: String, _ value: Double) {
    if let place = values.firstIndex(where: { $0.name == name }) {
      values[place].value += value
    } else {
      values.append((name, value))
    }
  }
}
