import DFQEngine
import DFQGraph
import DFQQuantization
import DFQTensor

/// The second half of a step with a ``Perturbation``.
extension StudentSession {
  /// The batch with its images moved along the gradient of the losses at them.
  ///
  /// `view` is the batch as objectives saw it, and `response` the student's pass over it, which has
  /// the gradient through the student and the student's values, where the path asks for them. Labels
  /// stay.
  func moved(
    _ batch: TrainingBatch, by perturbation: Perturbation, _ view: ObjectiveBatch,
    _ response: StudentExecutor.Response
  ) throws -> TrainingBatch {
    var gradient = response.pass.imageGradient ?? Tensor(shape: batch.inputs.shape)
    if perturbation.path != .student {
      var view = view
      view.studentValues = Dictionary(
        uniqueKeysWithValues: zip(try observedNodes(), response.pass.outputs))
      let losses = try trainer.objectives.flatMap { try $0.lossesAtTeacher(for: view) }
      if let atTeacher = try teacher.gradient(batch.inputs, losses) {
        for place in 0..<gradient.count { gradient[place] += atTeacher[place] }
      }
    }
    var moved = batch
    moved.inputs = perturbation.apply(batch.inputs, gradient: gradient)
    return moved
  }

  /// The nodes of the student that objectives look at, in order.
  func observedNodes() throws -> [Int] {
    try Set(
      trainer.objectives.flatMap { $0.studentLayers(in: trainer.teacher) }
        .map { try $0.node(in: trainer.teacher) }
    ).sorted()
  }
}

extension StudentExecutor.Response {
  /// Adds the losses and gradients of another pass of the same student with the same objectives; bits
  /// are those of all images of both.
  mutating func add(_ other: StudentExecutor.Response) {
    func add(_ values: inout [Float], _ others: [Float]) {
      for index in values.indices { values[index] += others[index] }
    }
    pass.totalLoss += other.pass.totalLoss
    for index in pass.imageLosses.indices {
      pass.imageLosses[index] += other.pass.imageLosses[index]
    }
    bits += other.bits
    choices += other.choices
    add(&parameterGradient, other.parameterGradient)
    add(&selectorGradient, other.selectorGradient)
    for index in weightStepGradient.indices {
      add(&weightStepGradient[index], other.weightStepGradient[index])
    }
    for index in activationStepGradient.indices {
      add(&activationStepGradient[index], other.activationStepGradient[index])
    }
  }
}
