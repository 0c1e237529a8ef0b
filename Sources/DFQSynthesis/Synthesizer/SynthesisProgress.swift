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
  /// The BN statistics loss, times its weight.
  public var statisticsLoss: Double
  /// The cross entropy with the labels.
  public var crossEntropy: Double
  /// The entropy-diversifying loss of labels that learn; 0 for others.
  public var entropyLoss: Double
  /// Adam's rate for the images.
  public var learningRate: Float
}
