public import DFQTensor

/// The labels of one batch while its images are synthesized: fixed, learning or none.
public protocol LabelTargets: Sendable {
  /// The labels of the next step, N C; nil where images are made without labels.
  var labels: Tensor? { get }
  /// The labels that the finished images are stored with; nil stores the teacher's predictions.
  var finalLabels: LabelBatch? { get }

  /// Learns from a step; returns the losses that it adds, times their weights, by name.
  ///
  /// `logits` are the teacher's, N C, and `labelWeight` is the factor of their cross entropy with
  /// the labels. `rateShare` is the current share of the first learning rate. The default does
  /// nothing.
  mutating func learn(
    logits: Tensor, labelWeight: Float, rateShare: Float, context: ExecutionContext
  ) throws -> [NamedLoss]
}

extension LabelTargets {
  /// Does nothing: the labels stay.
  public mutating func learn(
    logits: Tensor, labelWeight: Float, rateShare: Float, context: ExecutionContext
  ) throws -> [NamedLoss] { [] }
}

/// Labels that stay the same.
public struct FixedLabels: LabelTargets {
  private let batch: LabelBatch

  /// Makes targets of labels.
  public init(_ batch: LabelBatch) { self.batch = batch }

  /// The labels N C.
  public var labels: Tensor? { batch.labels }
  /// The labels.
  public var finalLabels: LabelBatch? { batch }
}

/// No labels: finished images are stored with the teacher's predictions.
public struct NoLabels: LabelTargets {
  /// Makes targets without labels.
  public init() {}

  /// Nil.
  public var labels: Tensor? { nil }
  /// Nil.
  public var finalLabels: LabelBatch? { nil }
}
