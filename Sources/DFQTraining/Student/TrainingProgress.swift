/// How far a training run is, after a step.
public struct TrainingProgress: Sendable {
  /// The steps done.
  public var step: Int
  /// The steps of the whole run.
  public var steps: Int
  /// The mean cross entropy with the labels.
  public var crossEntropy: Double
  /// The mean distillation loss, without its weight.
  public var distillation: Double
  /// The MAC-weighted mean activation bits of the step's images; nil for a static student.
  public var meanBits: Double?
  /// The learning rate of the weights.
  public var learningRate: Float
  /// The share of held-out synthetic images the student classifies as the teacher does, where it
  /// was just measured.
  public var heldOutAgreement: Double?
}
