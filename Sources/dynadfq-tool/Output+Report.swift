import DynaDFQ

/// The tables of an evaluation.
extension Output {
  static let policyHeader = [
    "bits chosen by", "accuracy %", "agreement %", "BitOPs", "family's", "mean bits",
    "difference (95 %)",
  ]

  static func policyRow(_ policy: EvaluationReport.Policy) -> [String] {
    [
      policy.name,
      "\(percent(policy.accuracy)) ± \(fixed(100 * policy.accuracyInterval, digits: 2))",
      percent(policy.agreement), mega(policy.meanBitOPs), mega(policy.familyBitOPs),
      bits(policy.meanActivationBits), difference(policy.difference, policy.differenceInterval),
    ]
  }

  static func report(_ report: EvaluationReport) throws {
    try line("\(report.dataset), \(report.imageCount) images")
    if let teacher = report.teacherAccuracy { try line("teacher: \(percent(teacher)) %") }
    try table(policyHeader, ([report.student] + report.controls).map(policyRow))
    if let decision = report.decision { try line(words(decision)) }
    guard report.layers.contains(where: { $0.histogram.count > 1 || $0.spread > 0 }) else { return }
    let widths = Set(report.layers.flatMap { $0.histogram.keys }).sorted()
    try line()
    try line("images by bits of each quantized output")
    try table(
      ["output"] + widths.map { "\($0) bits" } + ["mean", "spread over images"],
      report.layers.map { layer in
        [layer.name] + widths.map { "\(layer.histogram[$0] ?? 0)" }
          + [bits(layer.mean), bits(layer.spread)]
      })
    try line(
      "selector: \(mega(report.selectorBitOPs)) BitOPs; mean bits of images spread by "
        + bits(report.bitsSpreadOverImages)
        + "; rank correlation with the teacher's entropy "
        + (report.entropyCorrelation.map(bits) ?? "undefined"))
  }

  /// How well images that need bits get them, in a line.
  private static func words(_ decision: DecisionQuality) -> String {
    func text(_ value: Double?) -> String { value.map(bits) ?? "undefined" }
    return "images whose lowest bits disagree with the teacher: \(decision.neededCount); more bits "
      + "got: \(decision.givenCount); precision \(text(decision.precision)), recall "
      + "\(text(decision.recall)), mean precision of the score "
      + "\(text(decision.averagePrecision)), AUC \(text(decision.areaUnderROC)); rank correlation "
      + "of bits with the divergence at the lowest bits \(text(decision.divergenceCorrelation))"
  }
}
