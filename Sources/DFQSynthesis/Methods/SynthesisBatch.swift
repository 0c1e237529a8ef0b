public import DFQGraph
public import DFQTensor

/// One batch of a run, as a method sees it.
public struct SynthesisBatch: Sendable {
  /// The batch's number, from 0.
  public let index: Int
  /// The number of images N.
  public let count: Int
  /// The full-precision network whose images are synthesized.
  public let network: Network
  /// The settings of the run.
  public let configuration: Synthesizer.Configuration
  /// How work is executed.
  public let context: ExecutionContext
  /// The batches before this one, where the method needs them; otherwise empty.
  public let finished: [SyntheticImages]

  /// The shape of the images, N H W C.
  public var shape: Shape { Shape([count] + network.imageShape.dimensions) }
}
