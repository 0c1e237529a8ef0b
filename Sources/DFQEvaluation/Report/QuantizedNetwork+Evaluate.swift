public import DFQQuantization
public import DFQFiles
import DFQEngine
public import DFQGraph
public import DFQTensor

extension QuantizedNetwork {
  /// Evaluates the student on real images.
  ///
  /// With `teacher`, agreement and the correlation of bits with the teacher's entropy are reported;
  /// a dynamic student is also compared with the controls asked for. Nothing of the images flows
  /// back. Throws `QuantizationError` for no images or other classes, `NetworkError` for images of
  /// another shape.
  public func evaluate(
    on images: any RealImages, teacher: Network? = nil,
    controls: [EvaluationReport.Control] = [], seed: UInt64 = 0,
    context: ExecutionContext = .default, progress: ((_ done: Int, _ of: Int) -> Void)? = nil
  ) throws -> EvaluationReport {
    let reference = try teacher.map { try TeacherRun($0, images, context: context) }
    return try evaluation(
      on: images, reference: reference, controls: controls, seed: seed, context: context,
      progress: progress
    ).report
  }

  /// The report with the student's run, for those who want to know what each image got.
  package func evaluation(
    on images: any RealImages, reference: TeacherRun? = nil,
    controls: [EvaluationReport.Control] = [], seed: UInt64 = 0,
    context: ExecutionContext = .default, progress: ((_ done: Int, _ of: Int) -> Void)? = nil
  ) throws -> (report: EvaluationReport, run: StudentRun) {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "evaluation") }
    guard images.classCount == network.classCount else {
      throw QuantizationError.classCount(expected: network.classCount, found: images.classCount)
    }
    let evaluator = StudentEvaluator(self, context: context)
    let labels = images.labels
    let own: BitPolicy = isDynamic ? .selector : .uniform(0)
    let run = try evaluator.run(images, policy: own, progress: progress)
    let judge = Judge(
      student: self, labels: labels, teacherPredictions: reference?.predictions, base: run)

    var report = EvaluationReport(
      dataset: images.name, imageCount: images.count,
      teacherAccuracy: reference.map { judge.accuracy($0.predictions) },
      student: judge.policy(isDynamic ? "selector" : "static", run, isBase: true), controls: [],
      layers: layerBits(run), selectorBitOPs: selectorBitOPs,
      bitsSpreadOverImages: Statistics.deviation(run.meanBits),
      entropyCorrelation: reference.flatMap {
        Statistics.rankCorrelation(run.meanBits, $0.entropies)
      })
    guard isDynamic else { return (report, run) }

    let tables = Controls(student: self, run: run)
    func control(_ name: String, _ policy: BitPolicy) throws -> StudentRun {
      let run = try evaluator.run(images, policy: policy, progress: progress)
      report.controls.append(judge.policy(name, run, isBase: false))
      return run
    }
    if controls.contains(.fixed) {
      _ = try control("fixed bits, same BitOPs", .table(tables.fixed()))
    }
    if controls.contains(.random) {
      _ = try control("random, same histogram", .table(tables.random(seed: seed)))
    }
    if controls.contains(.shuffled) {
      _ = try control("shuffled between images", .table(tables.shuffled(seed: seed)))
    }
    guard controls.contains(.uniform) || controls.contains(.oracle) else { return (report, run) }
    let uniform = try quantizer.activationBits.indices.map { candidate in
      try control(
        "all layers at \(quantizer.activationBits[candidate]) bits", .uniform(candidate))
    }
    if controls.contains(.oracle) {
      _ = try control("oracle (labels)", .table(tables.oracle(uniform: uniform, wanted: labels)))
    }
    return (report, run)
  }

  private func layerBits(_ run: StudentRun) -> [EvaluationReport.LayerBits] {
    placement.points.indices.map { point in
      let bits = run.bits.map { $0[point] }
      return EvaluationReport.LayerBits(
        name: network.graph.nodes[placement.points[point].node].name,
        histogram: Dictionary(grouping: bits, by: { $0 }).mapValues(\.count),
        mean: Statistics.mean(bits.map(Double.init)),
        spread: Statistics.deviation(bits.map(Double.init)))
    }
  }
}

/// What the teacher says of real images.
package struct TeacherRun: Sendable {
  package let predictions: [Int]
  /// Entropy of each prediction, in nats.
  package let entropies: [Double]

  package init(_ teacher: Network, _ images: any RealImages, context: ExecutionContext) throws {
    let logits = try FloatExecutor(teacher, context: context).logits(of: images)
    predictions = logits.argmaxOfRows()
    let classes = teacher.classCount
    entropies = (0..<logits.rowCount).map {
      Softmax(logits.elements[$0 * classes..<($0 + 1) * classes]).entropy
    }
  }
}

/// Judges runs against labels, the teacher and the student's own run.
struct Judge {
  let student: QuantizedNetwork
  let labels: [Int]
  let teacherPredictions: [Int]?
  let base: StudentRun

  func accuracy(_ predictions: [Int]) -> Double {
    Statistics.mean(hits(predictions))
  }

  private func hits(_ predictions: [Int]) -> [Double] {
    zip(predictions, labels).map { $0 == $1 ? 1 : 0 }
  }

  func policy(_ name: String, _ run: StudentRun, isBase: Bool) -> EvaluationReport.Policy {
    let model = student.costModel
    let hits = hits(run.predictions)
    let differences = zip(hits, self.hits(base.predictions)).map { $0 - $1 }
    let family = Statistics.mean(run.bits.map { model.familyCost($0) })
    let plain = Statistics.mean(run.bits.map { model.cost($0) })
    return .init(
      name: name, accuracy: Statistics.mean(hits), accuracyInterval: Statistics.interval(hits),
      agreement: teacherPredictions.map { run.share(equalTo: $0) },
      meanBitOPs: run.averageBitOPs, familyBitOPs: family + run.averageBitOPs - plain,
      meanActivationBits: run.averageBits,
      difference: isBase ? nil : Statistics.mean(differences),
      differenceInterval: isBase ? nil : Statistics.interval(differences))
  }
}
