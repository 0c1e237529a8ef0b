import DFQEngine
public import DFQFiles
public import DFQGraph
public import DFQQuantization
public import DFQTensor

extension QuantizedNetwork {
  /// Evaluates the student on real images; nothing of the images reaches the student.
  ///
  /// - Parameters:
  ///   - images: The images, with their classes.
  ///   - teacher: The full-precision network, for agreement and the correlation of bits with its
  ///     entropy.
  ///   - bits: Who chooses the bits.
  ///   - controls: What a dynamic student's selector is compared with.
  ///   - seed: The seed of random controls.
  ///   - context: How the work is executed.
  ///   - progress: Is called after each batch of each run; an error that it throws ends the
  ///     evaluation.
  /// - Returns: The report.
  /// - Throws: ``QuantizationError`` for no images, other classes, bits that the student does not
  ///   have or logits that are not finite; `NetworkError` for images of another shape;
  ///   `CancellationError`; what the images and `progress` throw.
  public func evaluate(
    on images: any RealImages, teacher: Network? = nil, bits: BitPolicy = .selector,
    controls: [EvaluationReport.Control] = [], seed: UInt64 = 0,
    context: ExecutionContext = .default,
    progress: ((_ done: Int, _ of: Int) throws -> Void)? = nil
  ) throws -> EvaluationReport {
    let reference = try teacher.map { try TeacherRun($0, images, context: context) }
    return try evaluation(
      on: images, reference: reference, bits: bits, controls: controls, seed: seed,
      context: context, progress: progress
    ).report
  }

  /// Evaluates the student without blocking the caller; cancelling the task ends the evaluation.
  ///
  /// - Throws: As the variant that is not asynchronous.
  public func evaluate(
    on images: any RealImages, teacher: Network? = nil, bits: BitPolicy = .selector,
    controls: [EvaluationReport.Control] = [], seed: UInt64 = 0,
    context: ExecutionContext = .default,
    progress: (@Sendable (_ done: Int, _ of: Int) throws -> Void)? = nil
  ) async throws -> EvaluationReport {
    try await detached {
      try self.evaluate(
        on: images, teacher: teacher, bits: bits, controls: controls, seed: seed,
        context: context, progress: progress)
    }
  }

  /// The report together with what each image got.
  ///
  /// - Throws: As ``evaluate(on:teacher:bits:controls:seed:context:progress:)``, and
  ///   ``QuantizationError/bitsCount(what:expected:found:)`` for a reference of other images.
  public func evaluation(
    on images: any RealImages, reference: TeacherRun? = nil, bits: BitPolicy = .selector,
    controls: [EvaluationReport.Control] = [], seed: UInt64 = 0,
    context: ExecutionContext = .default,
    progress: ((_ done: Int, _ of: Int) throws -> Void)? = nil
  ) throws -> Evaluation {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "evaluation") }
    guard images.classCount == network.classCount else {
      throw QuantizationError.classCount(expected: network.classCount, found: images.classCount)
    }
    if let reference, reference.predictions.count != images.count {
      throw QuantizationError.bitsCount(
        what: "images", expected: images.count, found: reference.predictions.count)
    }
    let evaluator = StudentEvaluator(self, context: context)
    let run = try evaluator.run(images, policy: bits, progress: progress)
    let judge = Judge(
      student: self, labels: images.labels, reference: reference, base: run)
    let asksSelector = isDynamic && bits == .selector

    var report = EvaluationReport(
      dataset: images.name, imageCount: images.count,
      teacherAccuracy: reference.map { judge.accuracy($0.predictions) },
      student: judge.policy(
        asksSelector ? .selector : isDynamic ? .chosen : .static, run, isBase: true),
      controls: [], layers: layerBits(run), selectorBitOPs: asksSelector ? selectorBitOPs : 0,
      bitsSpreadOverImages: Statistics.deviation(run.meanBits),
      entropyCorrelation: reference.flatMap {
        Statistics.rankCorrelation(run.meanBits, $0.entropies)
      })
    var policies: [(policy: EvaluationReport.Policy, run: StudentRun)] = []
    if asksSelector {
      policies = try Controls(student: self, run: run, seed: seed).policies(
        controls, judge: judge
      ) { try evaluator.run(images, policy: $0, progress: progress) }
    }
    report.controls = policies.map(\.policy)
    var decisions: DecisionRecord?
    if asksSelector, let reference {
      // The uniform control of the fewest bits is most often this run.
      let known = policies.first { $0.policy.kind == .uniform && $0.run.bits.first == lowestBits }
      let lowest =
        try known?.run
        ?? evaluator.run(images, policy: .outputs(lowestBits), progress: progress)
      let record = self.decisions(run, lowest: lowest, reference: reference)
      report.decision = DecisionQuality(
        record, meanBits: run.meanBits, entropies: reference.entropies,
        isRight: zip(run.predictions, judge.labels).map { $0 == $1 })
      decisions = record
    }
    let model = costModel
    return Evaluation(
      report: report, predictions: run.predictions, labels: judge.labels, meanBits: run.meanBits,
      bitOPs: run.bitOPs, passes: run.passes,
      margins: Confidence.margins(of: run.logits, classes: network.classCount),
      controls: policies.map { policy, run in
        Evaluation.ControlRun(
          kind: policy.kind, bits: policy.bits, predictions: run.predictions, bitOPs: run.bitOPs,
          familyBitOPs: zip(run.bitOPs, run.bits).map {
            $0 - model.cost($1) + model.familyCost($1)
          }, meanBits: run.meanBits)
      }, decisions: decisions)
  }

  /// The choices of the random control, image by image and point by point.
  package func randomChoices(in run: StudentRun, seed: UInt64) -> [UInt8] {
    Controls(student: self, run: run, seed: seed).random().choices
  }

  private func layerBits(_ run: StudentRun) -> [EvaluationReport.LayerBits] {
    outputs.map { output in
      let bits = run.bits.map { $0[output.index] }
      return EvaluationReport.LayerBits(
        name: output.name, histogram: Dictionary(grouping: bits, by: { $0 }).mapValues(\.count),
        mean: Statistics.mean(bits.map(Double.init)),
        spread: Statistics.deviation(bits.map(Double.init)))
    }
  }
}
