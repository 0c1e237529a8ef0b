public import DFQTensor

/// What the images of one batch are synthesized towards: labels, statistics, or anything else that
/// a method draws once for a batch, and that may learn along with the images.
public protocol SynthesisTargets: Sendable {
  /// The labels that the finished images are stored with; nil stores the teacher's predictions.
  var finalLabels: LabelBatch? { get }

  /// Whether ``learn(logits:rateShare:context:)`` reads the logits. Where it does not, and no loss looks at the teacher's
  /// layers, the teacher is not computed, and the logits are zero. True by default.
  var readsLogits: Bool { get }

  /// Learns from a step; returns the losses that it adds, times their weights, by name.
  ///
  /// `logits` are the teacher's, N C. `rateShare` is the current share of the first learning rate,
  /// which falls with the plateau schedule of the images. The default does nothing.
  mutating func learn(
    logits: Tensor, rateShare: Float, context: ExecutionContext
  ) throws -> [NamedLoss]
}

extension SynthesisTargets {
  /// Nil: finished images are stored with the teacher's predictions.
  public var finalLabels: LabelBatch? { nil }

  /// The logits are read.
  public var readsLogits: Bool { true }

  /// Does nothing: the targets are fixed.
  public mutating func learn(
    logits: Tensor, rateShare: Float, context: ExecutionContext
  ) throws -> [NamedLoss] { [] }
}

/// A loss with its name, times its weight.
public typealias NamedLoss = (name: String, value: Double)
