public import DFQTensor

/// What is measured on synthetic images for a decider to be fitted to.
public struct DeciderMeasurements: Sendable {
  /// The sites of the decider's decisions.
  public let sites: [DecisionSite]
  /// The bits of every quantized output in each run: the decider's passes or, for a decider of one
  /// pass, each candidate everywhere.
  public let bits: [[Int]]
  /// The logits N C of each run.
  public let logits: [Tensor]
  /// BitOPs of an image in each run, without the selector.
  public let bitOPs: [Double]
  /// The standardized features N F of each site.
  public let features: [Tensor]
  /// The standard deviation of each quantized output's values in an image, in the mean over the images
  /// and without rounding; empty unless the decider asks for it.
  public let outputDeviations: [Double]
  /// The teacher's logits N C, where they were given.
  public let teacherLogits: Tensor?
}
