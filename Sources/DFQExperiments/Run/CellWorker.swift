import DynaDFQ
import Foundation

/// Does the work of one cell: reads the inputs from the store, computes, writes.
///
/// Inputs always come from files, so that a resumed run sees the same bytes as an uninterrupted one.
struct CellWorker {
  let store: Store
  let context: ExecutionContext
  /// The share of the cell that is done, 0...1; an error ends the cell between two steps.
  let progress: (Double) throws -> Void

  /// What a finished cell gives.
  struct Outcome {
    var info: ArtefactInfo
    var record: ResultRecord?
  }

  /// Makes the artefact and, for an evaluation, the result.
  func run(_ cell: Cell) throws -> Outcome {
    let start = ContinuousClock.now
    let wasResumed =
      FileManager.default.fileExists(atPath: store.checkpoint(cell.key))
      || FileManager.default.fileExists(atPath: store.batches(cell.key))
    func details() -> RunDetails {
      let (seconds, attoseconds) = (ContinuousClock.now - start).components
      return RunDetails(
        context, seconds: Double(seconds) + Double(attoseconds) * 1e-18, wasResumed: wasResumed)
    }
    func info(_ training: TrainingSummary? = nil) -> ArtefactInfo {
      ArtefactInfo(
        kind: cell.kind, key: cell.key, identity: cell.identity, work: cell.work,
        workKind: cell.workKind, training: training, run: details())
    }
    switch cell {
    case .images(let cell):
      let images = try synthesize(cell)
      let info = info()
      try info.write(to: store)
      try images.write(to: store.file(cell.key))
      return Outcome(info: info)
    case .student(let cell):
      let (student, summary) = try train(cell)
      let info = info(summary)
      try info.write(to: store)
      try student.write(to: store.file(cell.key))
      return Outcome(info: info)
    case .cascade(let cell):
      let cascade = try fit(cell)
      let info = info()
      try info.write(to: store)
      try cascade.write(to: store.file(cell.key))
      return Outcome(info: info)
    case .upperBound(let cell):
      let (bound, summary) = try train(cell)
      let info = info(summary)
      try info.write(to: store)
      try bound.write(to: store.file(cell.key))
      return Outcome(info: info)
    case .teacher(let cell):
      let (results, record) = try measure(cell, details)
      let info = info()
      try info.write(to: store)
      try results.write(to: store.file(cell.key))
      return Outcome(info: info, record: record)
    case .evaluation(let cell):
      let (results, record) = try measure(cell, details)
      let info = info()
      try info.write(to: store)
      try results.write(to: store.file(cell.key))
      return Outcome(info: info, record: record)
    }
  }

  private func synthesize(_ cell: ImagesCell) throws -> SyntheticImages {
    switch cell.settings {
    case .noise(let count, let seed):
      return try .noise(count: count, for: cell.network.network, seed: seed)
    case .synthesis:
      let synthesizer = try cell.settings.synthesizer(cell.network.network, context: context)
      guard let synthesizer else { preconditionFailure("these methods synthesize") }
      return try synthesizer.synthesize(checkpoint: store.batches(cell.key.text)) { p in
        try progress(Double(p.batch * p.steps + p.step) / Double(p.batches * p.steps))
      }
    case .generator(let method, let configuration):
      var source = try GeneratorSource(
        teacher: cell.network.network, method: method, configuration: configuration,
        context: context)
      let images = try source.images { try progress(Double($0.step) / Double($0.steps)) }
      // Before the images, whose file says that the cell is done.
      try source.write(to: store.generator(cell.key))
      return images
    }
  }

  private func train(_ cell: StudentCell) throws -> (QuantizedNetwork, TrainingSummary) {
    let images = try SyntheticImages(contentsOf: store.file(cell.images))
    var settings = cell.settings
    if let allocation = settings.allocation {
      settings.quantizer = try allocation.allocated(
        settings.quantizer, teacher: cell.network.network, images: images, context: context
      ) { try progress(0) }
    }
    let trainer = settings.trainer(cell.network.network, context: context)
    let checkpoint = store.checkpoint(cell.key.text)
    let roundsFirst = settings.training.adaptiveRounding != nil
    let report = { (p: TrainingProgress) in
      // Where a student's rounding is learned first, that is half of its work.
      let rounding = p.reconstructionStep?.share ?? (p.reconstruction == nil ? 1 : nil)
      guard let rounding else { return }
      let steps = p.steps > 0 ? Double(p.step) / Double(p.steps) : rounding
      try progress(roundsFirst && p.steps > 0 ? (rounding + steps) / 2 : steps)
    }
    let student: QuantizedNetwork
    if case .generator(let method, let configuration) = cell.imageSettings {
      let source = try GeneratorSource(
        contentsOf: store.generator(cell.images), teacher: cell.network.network, method: method,
        configuration: configuration, context: context)
      student = try trainer.train(on: source, checkpoint: checkpoint, progress: report)
    } else {
      student = try trainer.train(on: images, checkpoint: checkpoint, progress: report)
    }
    return (student, try trainer.summary(of: student, on: images))
  }

  private func train(_ cell: UpperBoundCell) throws -> (UpperBoundStudent, TrainingSummary) {
    let bound = RealImageBound(cell.settings.trainer(cell.network.network, context: context))
    let student = try bound.train(
      onReal: cell.data.images, checkpoint: store.checkpoint(cell.key.text)
    ) { p in
      try progress(Double(p.step) / Double(max(p.steps, 1)))
    }
    return (student, try bound.summary(of: student, onReal: cell.data.images))
  }

  private func fit(_ cell: CascadeCell) throws -> StudentCascade {
    let levels = try cell.levels.map { try QuantizedNetwork(contentsOf: store.file($0)) }
    let images = try SyntheticImages(contentsOf: store.file(cell.images))
    let budget: Double
    if let key = cell.budgetStudent {
      budget = try StudentClassifier(
        QuantizedNetwork(contentsOf: store.file(key)), context: context
      ).meanBitOPs(ofInputs: images.images)
    } else {
      budget = cell.budgetBitOPs ?? .infinity
    }
    return try .fitted(
      levels, on: images, budget: budget, rule: cell.rule, context: context)
  }

  private func measure(
    _ cell: TeacherCell, _ details: () -> RunDetails
  ) throws -> (PerImageResults, ResultRecord) {
    let images = cell.data.images
    let run = try TeacherRun(cell.network.network, images, context: context) { done, total in
      try progress(Double(done) / Double(total))
    }
    var results = PerImageResults(
      labels: images.labels, predictions: run.predictions, teacher: run.predictions,
      teacherEntropies: run.entropies)
    results.teacherLogits = run.logits
    let right = results.isRight.filter { $0 }.count
    let record = ResultRecord(
      kind: "teacher", key: cell.key.text, label: cell.label, settings: cell.identity,
      isDynamic: false, dataset: cell.data.name, imageCount: images.count,
      accuracy: Double(right) / Double(images.count), report: nil, training: nil,
      syntheticDecision: nil, run: details())
    return (results, record)
  }

  private func measure(
    _ cell: EvaluationCell, _ details: () -> RunDetails
  ) throws -> (PerImageResults, ResultRecord) {
    let teacher = try PerImageResults(contentsOf: store.file(cell.teacher))
    let reference = try TeacherRun(
      predictions: teacher.predictions, entropies: teacher.teacherEntropies,
      logits: teacher.teacherLogits)
    let synthetic = try cell.synthetic.map { try SyntheticImages(contentsOf: store.file($0)) }
    var decision: DecisionQuality?
    let evaluation: Evaluation
    var first: CascadeRun?
    switch cell.subject {
    case .student(let key):
      let student = try QuantizedNetwork(contentsOf: store.file(key))
      evaluation = try student.evaluation(
        on: cell.data.images, reference: reference, controls: cell.controls, seed: cell.seed,
        context: context, progress: passProgress(cell))
      decision = try synthetic.flatMap {
        try student.decisionQuality(
          ofInputs: $0.images, classes: $0.labels.argmaxOfRows(), teacher: cell.network.network,
          context: context)
      }
    case .upperBound(let key):
      evaluation = try UpperBoundStudent(contentsOf: store.file(key)).evaluation(
        on: cell.data.images, reference: reference, controls: cell.controls, seed: cell.seed,
        context: context, progress: passProgress(cell))
    case .cascade(let key):
      let cascade = try StudentCascade(contentsOf: store.file(key))
      let run = try cascade.evaluation(
        on: cell.data.images, reference: reference, controls: cell.controls, seed: cell.seed,
        context: context
      ) {
        try progress(Double($0) / Double($1))
      }
      (evaluation, first) = (run.evaluation, run.run)
      decision = try synthetic.map {
        try cascade.decisionQuality(
          ofInputs: $0.images, classes: $0.labels.argmaxOfRows(), teacher: cell.network.network,
          context: context)
      }
    }
    let record = ResultRecord(
      kind: "evaluation", key: cell.key.text, label: cell.label, settings: cell.settings,
      isDynamic: cell.isDynamic, dataset: cell.data.name, imageCount: cell.data.images.count,
      accuracy: evaluation.report.accuracy, report: evaluation.report,
      training: ArtefactInfo.read(cell.subject.text, in: store)?.training,
      syntheticDecision: decision, run: details())
    var results = PerImageResults(evaluation, reference: reference)
    results.firstPredictions = first?.firstPredictions ?? []
    results.firstMargins = first?.firstMargins ?? []
    return (results, record)
  }

  /// The share of all passes over the images.
  private func passProgress(_ cell: EvaluationCell) -> (Int, Int) throws -> Void {
    let passes = cell.passCount
    var (pass, last) = (0, 0)
    return { done, total in
      if done <= last { pass += 1 }
      last = done
      try progress(Double(min(pass, passes - 1) * total + done) / Double(passes * total))
    }
  }
}
