extension Evaluation {
  /// The evaluation of several students that work together, from what each image got in the end.
  ///
  /// `kind` says who chose; bits are those of the last pass, costs those of all passes. The report
  /// has no bits by layer. Controls are compared with the students' own choice.
  ///
  /// All lists have one value for each image, in the images' order.
  public init(
    kind: EvaluationReport.Policy.Kind, dataset: String, labels: [Int], reference: TeacherRun,
    predictions: [Int], meanBits: [Double], bitOPs: [Double], familyBitOPs: [Double],
    passes: [Int], margins: [Float],
    controls: [ControlRun] = [], decisions: DecisionRecord? = nil
  ) {
    precondition(
      [
        reference.predictions.count, predictions.count, meanBits.count, bitOPs.count,
        familyBitOPs.count, passes.count, margins.count,
      ].allSatisfy { $0 == labels.count }, "one value for each image is needed")
    let hits = Judge.hits(predictions, labels)
    let policies = controls.map { control in
      let found = Judge.hits(control.predictions, labels)
      let difference = PairedDifference(found, less: hits)
      return EvaluationReport.Policy(
        kind: control.kind, bits: control.bits, name: control.kind.title(bits: control.bits),
        accuracy: Statistics.mean(found), accuracyInterval: Statistics.interval(found),
        agreement: Statistics.mean(Judge.hits(control.predictions, reference.predictions)),
        meanBitOPs: Statistics.mean(control.bitOPs),
        familyBitOPs: Statistics.mean(control.familyBitOPs),
        meanActivationBits: Statistics.mean(control.meanBits), difference: difference.mean,
        differenceInterval: difference.interval)
    }
    let policy = EvaluationReport.Policy(
      kind: kind, bits: nil, name: kind.title(bits: nil), accuracy: Statistics.mean(hits),
      accuracyInterval: Statistics.interval(hits),
      agreement: Statistics.mean(Judge.hits(predictions, reference.predictions)),
      meanBitOPs: Statistics.mean(bitOPs), familyBitOPs: Statistics.mean(familyBitOPs),
      meanActivationBits: Statistics.mean(meanBits), difference: nil, differenceInterval: nil)
    report = EvaluationReport(
      dataset: dataset, imageCount: labels.count,
      teacherAccuracy: Statistics.mean(Judge.hits(reference.predictions, labels)),
      student: policy, controls: policies, layers: [], selectorBitOPs: 0,
      bitsSpreadOverImages: Statistics.deviation(meanBits),
      entropyCorrelation: Statistics.rankCorrelation(meanBits, reference.entropies),
      decision: decisions.map {
        DecisionQuality(
          $0, meanBits: meanBits, entropies: reference.entropies, isRight: hits.map { $0 == 1 })
      })
    self.decisions = decisions
    self.predictions = predictions
    self.labels = labels
    self.meanBits = meanBits
    self.bitOPs = bitOPs
    self.passes = passes
    self.margins = margins
    self.controls = controls
  }
}
