public import DFQEngine
public import DFQTensor

/// What a source can learn from after a training step: its own images, and the student's gradients
/// at any images.
///
/// A generator that works against the student (AdaSG and AdaDFQ, Qian et al. 2023) asks for the
/// gradient of a loss on the student's logits at the images it made. Generators that look only at
/// the teacher (GDFQ, Xu et al. 2020) need no feedback.
public struct SourceFeedback {
  /// The training step, from 0.
  public let step: Int
  /// The images that the source supplied, before augmentation and mixup.
  public let batch: SyntheticBatch
  private let student: (Tensor, [any ImageObjective]) throws -> PassResult

  /// Makes the feedback of a step; `student` runs the student as it is before the step's update.
  public init(
    step: Int, batch: SyntheticBatch,
    student: @escaping (_ inputs: Tensor, _ objectives: [any ImageObjective]) throws -> PassResult
  ) {
    self.step = step
    self.batch = batch
    self.student = student
  }

  /// Runs the student on inputs N H W C: its logits (the only output), the losses and, where there
  /// are objectives, the gradient at the inputs.
  public func student(
    _ inputs: Tensor, objectives: [any ImageObjective] = []
  ) throws -> PassResult {
    try student(inputs, objectives)
  }
}
