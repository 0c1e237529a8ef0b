import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis
import DFQTensor

extension StudentSession {
  /// Whether the rounding of every unit has been learned, or none is.
  public var isReconstructed: Bool { state.units >= reconstructionUnitCount }

  /// The number of units whose rounding is learned before the first step.
  public var reconstructionUnitCount: Int {
    configuration.adaptiveRounding.map { state.student.reconstructionUnits($0).count } ?? 0
  }

  /// Learns the rounding of all units that are left, unit after unit (``AdaptiveRounding``).
  ///
  /// The first step does so too. After every unit the state is saved where the run has a path for it: a run that
  /// is interrupted in a unit begins that unit again, to the same bits.
  ///
  /// - Parameter progress: Called after every step of a unit, and after every unit.
  /// - Throws: `QuantizationError`, `NetworkError`, `CancellationError`, and what `progress` throws.
  public func reconstruct(progress: ((TrainingProgress) throws -> Void)? = nil) throws {
    guard let method = configuration.adaptiveRounding, !isReconstructed else { return }
    let network = try trainer.transformedTeacher().network
    let inputs = try images.calibrationImages()
    let (step, steps) = (state.step, configuration.steps)
    while !isReconstructed {
      let report = try state.student.reconstruct(
        unit: state.units, by: method, teacher: network, on: inputs, seed: configuration.seed,
        context: trainer.context
      ) {
        try progress?(
          TrainingProgress(
            step: step, steps: steps, losses: [], totalLoss: $0.distance, learningRate: 0,
            reconstructionStep: $0))
      }
      state.units += 1
      if isReconstructed { state.restartGroups(trainer: trainer) }
      try save()
      guard let report else { continue }
      try progress?(
        TrainingProgress(
          step: step, steps: steps, losses: [], totalLoss: report.after, learningRate: 0,
          reconstruction: report))
    }
  }
}

extension StudentState {
  /// Lets the groups begin with the student as it is: they keep copies of what they learn.
  fileprivate mutating func restartGroups(trainer: DynamicTrainer) {
    groups = trainer.parameterGroups(for: student)
  }
}
