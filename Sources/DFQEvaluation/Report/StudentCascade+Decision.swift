public import DFQGraph
public import DFQQuantization
public import DFQTensor

extension StudentCascade {
  /// How well the cascade's margin finds the images that need the next level, on normalized inputs
  /// N H W C, such as the synthetic images that its thresholds were fitted on.
  ///
  /// - Parameters:
  ///   - inputs: The inputs.
  ///   - classes: The class of each input.
  ///   - teacher: The full-precision network.
  ///   - context: How the work is executed.
  /// - Returns: The quality of the decisions.
  /// - Throws: As ``CascadeEvaluator``.
  public func decisionQuality(
    ofInputs inputs: Tensor, classes: [Int], teacher: Network,
    context: ExecutionContext = .default
  ) throws -> DecisionQuality {
    let reference = try TeacherRun(teacher, inputs: inputs, context: context)
    let run = try CascadeEvaluator(self, context: context).run(inputs)
    return DecisionQuality(
      decisions(run, reference: reference), meanBits: run.meanBits,
      entropies: reference.entropies, isRight: zip(run.predictions, classes).map { $0 == $1 })
  }

  /// What the cascade decided in a run.
  func decisions(_ run: CascadeRun, reference: TeacherRun) -> DecisionRecord {
    DecisionRecord(
      needsBits: zip(run.firstPredictions, reference.predictions).map { $0 != $1 },
      gotMore: run.lastLevels.map { $0 > 0 }, scores: run.firstMargins.map { -Double($0) },
      divergences: reference.divergences(of: run.firstLogits))
  }

  /// The control ``EvaluationReport/Control/klOracle``: the levels of the images, dealt so that images
  /// whose divergence from the float network falls most from the first to the last level get the
  /// highest.
  func byDivergence(
    _ runs: [StudentRun], lastLevels: [Int], reference: TeacherRun
  ) -> [Int] {
    let first = reference.divergences(of: runs[0].logits)
    let last = reference.divergences(of: runs[runs.count - 1].logits)
    let gains = zip(first, last).map { $0 - $1 }
    let order = gains.indices.sorted { (-gains[$0], $0) < (-gains[$1], $1) }
    var result = lastLevels
    for (image, level) in zip(order, lastLevels.sorted(by: >)) { result[image] = level }
    return result
  }
}
