public import DFQSynthesis
public import DFQTensor

/// The images and labels of one step, augmented, filtered and mixed: a function of the source's batch, the
/// step and the seed, so that a resumed run sees the same.
public struct TrainingBatch: Sendable {
  /// The images, N H W C.
  public internal(set) var inputs: Tensor
  /// The labels N C, mixed like the images.
  public let labels: Tensor
  /// Whether each image is easy (made towards a one-hot label).
  public let isEasy: [Bool]

  /// Augments, filters and mixes a batch as the configuration says.
  ///
  /// - Throws: `SynthesisError.badImages` for images of another shape than N H W C.
  public init(
    _ batch: SyntheticBatch, step: Int, configuration: DynamicTrainer.Configuration
  ) throws {
    var inputs = batch.inputs
    var labels = batch.labels
    var stream = RandomStream(seed: configuration.seed, "augmentation", step)
    if configuration.augmentation {
      inputs = try Augmentation.cropAndFlip(inputs, stream: &stream)
    }
    if let lowPass = configuration.lowPass { inputs = try lowPass.apply(inputs) }
    configuration.mixup.apply(&inputs, &labels, isEasy: batch.isEasy, stream: &stream)
    self.inputs = inputs
    self.labels = labels
    isEasy = batch.isEasy
  }
}
