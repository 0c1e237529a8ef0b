public import DFQGraph
public import DFQQuantization
public import DFQTensor

extension QuantizedNetwork {
  /// How well the selector finds the images that need more than the lowest bits, on normalized inputs
  /// N H W C, such as the synthetic images that it learned on.
  ///
  /// - Parameters:
  ///   - inputs: The inputs.
  ///   - classes: The class of each input.
  ///   - teacher: The full-precision network.
  ///   - context: How the work is executed.
  /// - Returns: The quality of the decisions; nil for a static student.
  /// - Throws: As ``StudentEvaluator/run(_:policy:price:)``.
  public func decisionQuality(
    ofInputs inputs: Tensor, classes: [Int], teacher: Network,
    context: ExecutionContext = .default
  ) throws -> DecisionQuality? {
    guard isDynamic else { return nil }
    let reference = try TeacherRun(teacher, inputs: inputs, context: context)
    let evaluator = StudentEvaluator(self, context: context)
    let run = try evaluator.run(inputs, policy: .selector)
    let lowest = try evaluator.run(inputs, policy: .outputs(lowestBits))
    return DecisionQuality(
      decisions(run, lowest: lowest, reference: reference), meanBits: run.meanBits,
      entropies: reference.entropies, isRight: zip(run.predictions, classes).map { $0 == $1 })
  }

  /// What the selector decided in a run, compared with a run of the same images at the lowest bits.
  func decisions(
    _ run: StudentRun, lowest: StudentRun, reference: TeacherRun
  ) -> DecisionRecord {
    let scores =
      selector?.decider is MarginCascade
      ? Confidence.margins(of: lowest.logits, classes: network.classCount).map { -Double($0) }
      : run.meanBits
    return DecisionRecord(
      needsBits: zip(lowest.predictions, reference.predictions).map { $0 != $1 },
      gotMore: zip(run.bits, run.passes).map { bits, passes in
        passes > 1 || zip(bits, lowestBits).contains { $0 > $1 }
      }, scores: scores, divergences: reference.divergences(of: lowest.logits))
  }
}
