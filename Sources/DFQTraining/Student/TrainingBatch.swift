public import DFQSynthesis
public import DFQTensor

/// The images and labels of one step, augmented and mixed: a function of the source's batch, the
/// step and the seed, so that a resumed run sees the same.
public struct TrainingBatch: Sendable {
  /// The images, N H W C.
  public let inputs: Tensor
  /// The labels N C, mixed like the images.
  public let labels: Tensor
  /// Whether each image is easy (made towards a one-hot label).
  public let isEasy: [Bool]

  /// Augments and mixes a batch as the configuration says.
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
    if configuration.mixup {
      let easy = batch.isEasy.indices.filter { batch.isEasy[$0] }
      TrainingBatch.mix(&inputs, &labels, easy: easy, stream: &stream)
    }
    self.inputs = inputs
    self.labels = labels
    isEasy = batch.isEasy
  }

  /// mixup (Zhang et al., 2018) among easy images with weights from Beta(1, 1); hard images stay as
  /// they are.
  private static func mix(
    _ inputs: inout Tensor, _ labels: inout Tensor, easy: [Int], stream: inout RandomStream
  ) {
    guard easy.count > 1 else { return }
    let originals = (inputs: inputs, labels: labels)
    for place in easy {
      let share = stream.beta(1)
      let partner = easy[stream.integer(below: easy.count)]
      func mixed(_ tensor: Tensor) -> Tensor {
        let (first, second) = (tensor.row(place), tensor.row(partner))
        return Tensor(
          shape: first.shape,
          elements: zip(first.elements, second.elements).map { share * $0 + (1 - share) * $1 })
      }
      inputs.setRow(place, to: mixed(originals.inputs))
      labels.setRow(place, to: mixed(originals.labels))
    }
  }
}
