public import DFQFiles
public import DFQGraph
public import DFQQuantization
public import DFQTensor

extension UpperBoundStudent {
  /// Evaluates the upper bound as a student is evaluated.
  ///
  /// - Parameters:
  ///   - images: The images, with their classes; others than it was trained on.
  ///   - teacher: The full-precision network.
  ///   - controls: What a dynamic student's selector is compared with.
  ///   - seed: The seed of random controls.
  ///   - context: How the work is executed.
  ///   - progress: Is called after each batch of each run; an error that it throws ends the
  ///     evaluation.
  /// - Returns: The report.
  /// - Throws: As ``QuantizedNetwork/evaluate(on:teacher:bits:controls:seed:context:progress:)``.
  public func evaluate(
    on images: any RealImages, teacher: Network? = nil,
    controls: [EvaluationReport.Control] = [], seed: UInt64 = 0,
    context: ExecutionContext = .default,
    progress: ((_ done: Int, _ of: Int) throws -> Void)? = nil
  ) throws -> EvaluationReport {
    let reference = try teacher.map { try TeacherRun($0, images, context: context) }
    return try evaluation(
      on: images, reference: reference, controls: controls, seed: seed, context: context,
      progress: progress
    ).report
  }

  /// The report together with what each image got.
  ///
  /// - Throws: As ``evaluate(on:teacher:controls:seed:context:progress:)``.
  public func evaluation(
    on images: any RealImages, reference: TeacherRun? = nil,
    controls: [EvaluationReport.Control] = [], seed: UInt64 = 0,
    context: ExecutionContext = .default,
    progress: ((_ done: Int, _ of: Int) throws -> Void)? = nil
  ) throws -> Evaluation {
    try student.evaluation(
      on: images, reference: reference, controls: controls, seed: seed, context: context,
      progress: progress)
  }
}
