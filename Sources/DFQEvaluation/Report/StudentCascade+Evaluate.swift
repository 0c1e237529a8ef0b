public import DFQFiles
public import DFQGraph
public import DFQQuantization
public import DFQTensor

extension StudentCascade {
  /// Evaluates the cascade on real images; nothing of the images reaches it.
  ///
  /// - Returns: The report of `evaluation(on:reference:controls:seed:context:progress:)`.
  /// - Throws: The same, and what ``TeacherRun/init(_:_:context:progress:)`` throws.
  public func evaluate(
    on images: any RealImages, teacher: Network, controls: [EvaluationReport.Control] = [],
    seed: UInt64 = 0, context: ExecutionContext = .default
  ) throws -> EvaluationReport {
    try evaluation(
      on: images, reference: TeacherRun(teacher, images, context: context), controls: controls,
      seed: seed, context: context
    ).evaluation.report
  }

  /// Evaluates the cascade on real images, and tells what each image got.
  ///
  /// Three controls have a meaning here. ``EvaluationReport/Control/shuffled`` deals the levels that
  /// images ended at to other images, so that only the knowledge of which image needs the next level
  /// is lost. ``EvaluationReport/Control/oracle`` ends each image at the first level that classifies it
  /// as labelled (at the first level where none does): an upper bound.
  /// ``EvaluationReport/Control/klOracle`` deals the same levels to the images whose divergence from
  /// the float network falls most from the first level to the last: a bound at the same cost (the very
  /// cost where levels are static). Others are left out.
  ///
  /// - Parameters:
  ///   - images: The images, with their classes.
  ///   - reference: What the full-precision network does with them.
  ///   - controls: What the cascade is compared with.
  ///   - seed: The seed of the shuffled control.
  ///   - context: How the work is executed.
  ///   - progress: Is called after each batch; an error that it throws ends the evaluation.
  /// - Returns: The report with what each image got, and the cascade's run.
  /// - Throws: As ``CascadeEvaluator``, and ``QuantizationError/classCount(expected:found:)`` or
  ///   ``QuantizationError/bitsCount(what:expected:found:)`` for other classes or a reference of other
  ///   images.
  public func evaluation(
    on images: any RealImages, reference: TeacherRun,
    controls: [EvaluationReport.Control] = [], seed: UInt64 = 0,
    context: ExecutionContext = .default,
    progress: ((_ done: Int, _ of: Int) throws -> Void)? = nil
  ) throws -> (evaluation: Evaluation, run: CascadeRun) {
    guard images.classCount == levels[0].network.classCount else {
      throw QuantizationError.classCount(
        expected: levels[0].network.classCount, found: images.classCount)
    }
    guard reference.predictions.count == images.count else {
      throw QuantizationError.bitsCount(
        what: "images", expected: images.count, found: reference.predictions.count)
    }
    let evaluator = CascadeEvaluator(self, context: context)
    let wanted = [EvaluationReport.Control.shuffled, .oracle, .klOracle].filter {
      controls.contains($0) && ($0 != .klOracle || !reference.logits.isEmpty)
    }
    var run: CascadeRun
    var others: [Evaluation.ControlRun] = []
    if wanted.isEmpty {
      run = try evaluator.run(images, progress: progress)
    } else {
      let runs = try evaluator.allLevels(images, progress: progress)
      let margins = runs.map {
        Confidence.margins(of: $0.logits, classes: levels[0].network.classCount)
      }
      run = evaluator.assembled(runs, lastLevels: lastLevels(margins: margins))
      others = wanted.map { control in
        let levels =
          switch control {
          case .oracle: firstRight(runs, labels: images.labels)
          case .klOracle:
            byDivergence(runs, lastLevels: run.lastLevels, reference: reference)
          default: shuffled(run.lastLevels, seed: seed)
          }
        let found = evaluator.assembled(runs, lastLevels: levels)
        return .init(
          kind: control == .oracle ? .oracle : control == .klOracle ? .klOracle : .shuffled,
          bits: nil,
          predictions: found.predictions, bitOPs: found.bitOPs,
          familyBitOPs: found.familyBitOPs, meanBits: found.meanBits)
      }
    }
    let evaluation = Evaluation(
      kind: .selector, dataset: images.name, labels: images.labels, reference: reference,
      predictions: run.predictions, meanBits: run.meanBits, bitOPs: run.bitOPs,
      familyBitOPs: run.familyBitOPs, passes: run.passes, margins: run.margins, controls: others,
      decisions: decisions(run, reference: reference))
    return (evaluation, run)
  }

  private func shuffled(_ levels: [Int], seed: UInt64) -> [Int] {
    var stream = RandomStream(seed: seed, "control", "shuffled")
    let order = stream.permutation(levels.count)
    return order.map { levels[$0] }
  }

  private func firstRight(_ runs: [StudentRun], labels: [Int]) -> [Int] {
    labels.indices.map { image in
      runs.firstIndex { $0.predictions[image] == labels[image] } ?? 0
    }
  }
}
