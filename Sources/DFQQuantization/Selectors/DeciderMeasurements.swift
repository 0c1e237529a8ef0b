public import DFQTensor

/// What is measured on synthetic images for a decider to be fitted to.
public struct DeciderMeasurements: Sendable {
  /// The bits of every quantized output in each run: the decider's passes or, for a decider of one
  /// pass, each candidate everywhere.
  public let bits: [[Int]]
  /// The logits N C of each run.
  public let logits: [Tensor]
  /// BitOPs of an image in each run, without the selector.
  public let bitOPs: [Double]
  /// The standardized features N F of each site.
  public let features: [Tensor]
  /// The teacher's logits N C, where they were given.
  public let teacherLogits: Tensor?
}
