import DFQQuantization

/// Compares runs with labels, the teacher and the student's own run.
struct Judge {
  let student: QuantizedNetwork
  let labels: [Int]
  let reference: TeacherRun?
  let base: StudentRun

  /// 1 for each image whose prediction is its label, else 0.
  static func hits(_ predictions: [Int], _ labels: [Int]) -> [Double] {
    zip(predictions, labels).map { $0 == $1 ? 1 : 0 }
  }

  func accuracy(_ predictions: [Int]) -> Double {
    Statistics.mean(Judge.hits(predictions, labels))
  }

  func policy(
    _ kind: EvaluationReport.Policy.Kind, bits: Int? = nil, _ run: StudentRun, isBase: Bool = false
  ) -> EvaluationReport.Policy {
    let model = student.costModel
    let hits = Judge.hits(run.predictions, labels)
    let difference = PairedDifference(hits, less: Judge.hits(base.predictions, labels))
    let family = Statistics.mean(run.bits.map { model.familyCost($0) })
    let plain = Statistics.mean(run.bits.map { model.cost($0) })
    return .init(
      kind: kind, bits: bits, name: kind.title(bits: bits), accuracy: Statistics.mean(hits),
      accuracyInterval: Statistics.interval(hits),
      agreement: reference.map { run.share(equalTo: $0.predictions) },
      meanBitOPs: run.averageBitOPs, familyBitOPs: family + run.averageBitOPs - plain,
      meanActivationBits: run.averageBits,
      difference: isBase ? nil : difference.mean,
      differenceInterval: isBase ? nil : difference.interval)
  }
}
