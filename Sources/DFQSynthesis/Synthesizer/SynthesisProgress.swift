/// The state of a synthesis after a step.
public struct SynthesisProgress: Sendable {
  /// The batch, from 0.
  public var batch: Int
  /// The number of batches.
  public var batches: Int
  /// The steps done on this batch.
  public var step: Int
  /// The steps of each batch.
  public var steps: Int
  /// The losses by name, each times its weight, in the order of the method's objectives.
  public var losses: [NamedLoss]
  /// Adam's rate for the images.
  public var learningRate: Float

  /// The sum of the losses, which the plateau schedule observes.
  public var totalLoss: Double { losses.reduce(0) { $0 + $1.value } }

  /// The loss of a name, such as `cross entropy`; nil where the method has none.
  public subscript(name: String) -> Double? { losses.first { $0.name == name }?.value }
}
