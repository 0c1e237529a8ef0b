public import DFQEngine
public import DFQTensor

/// The targets of most methods: the losses on the teacher's batch-norm statistics, which stay the
/// same, and labels.
public struct StatisticsTargets: SynthesisTargets {
  /// The losses on moments.
  public let statistics: [any MomentObjective]
  /// The labels, which may learn.
  public private(set) var labels: any LabelTargets
  /// The factor of the cross entropy with the labels, from which they may learn.
  public let labelWeight: Float

  /// Makes targets; without labels finished images are stored with the teacher's predictions.
  public init(
    statistics: [any MomentObjective], labels: any LabelTargets = NoLabels(), labelWeight: Float = 1
  ) {
    self.statistics = statistics
    self.labels = labels
    self.labelWeight = labelWeight
  }

  /// The labels that the finished images are stored with.
  public var finalLabels: LabelBatch? { labels.finalLabels }

  /// Lets the labels learn.
  public mutating func learn(
    logits: Tensor, rateShare: Float, context: ExecutionContext
  ) throws -> [NamedLoss] {
    try labels.learn(
      logits: logits, labelWeight: labelWeight, rateShare: rateShare, context: context)
  }
}
