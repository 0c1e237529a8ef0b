public import DFQQuantization
public import DFQSynthesis

/// What a training run reports after a step.
public struct TrainingProgress: Sendable {
  /// The steps done.
  public var step: Int
  /// The steps of the whole run.
  public var steps: Int
  /// What each objective contributed, in the trainer's order: means over the step's images, without
  /// weights.
  public var losses: [NamedLoss]
  /// The sum of all losses times their weights, which is minimized.
  public var totalLoss: Double
  /// The MAC-weighted mean activation bits of the step's images; nil for a static student.
  public var meanBits: Double?
  /// The learning rate of the weights.
  public var learningRate: Float
  /// The share of held-out synthetic images the student classifies as the teacher does, where it
  /// was just measured.
  public var heldOutAgreement: Double?

  /// A step in which the rounding of a unit is learned, before the first step of the training; nil otherwise.
  public var reconstructionStep: ReconstructionStep?
  /// The unit whose rounding was just learned; nil after a step.
  public var reconstruction: ReconstructionReport?

  /// The value of the loss of that name, nil where there is none.
  public func loss(_ name: String) -> Double? { losses.first { $0.name == name }?.value }
}
