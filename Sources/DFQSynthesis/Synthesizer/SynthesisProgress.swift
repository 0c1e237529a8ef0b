/// How far a synthesis is, after a step.
public struct SynthesisProgress: Sendable {
  /// The batch, from 0.
  public var batch: Int
  /// The number of batches.
  public var batches: Int
  /// The steps done on this batch.
  public var step: Int
  /// The steps of each batch.
  public var steps: Int
  /// The BN statistics loss.
  public var statisticsLoss: Double
  /// The cross entropy with the labels.
  public var crossEntropy: Double
  /// Adam's rate.
  public var learningRate: Float
}
