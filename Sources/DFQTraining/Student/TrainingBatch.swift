package import DFQSynthesis
package import DFQTensor

/// The images and labels of one step: a function of the step and the seed alone, so that a resumed
/// run sees the same.
package struct TrainingBatch {
  package let inputs: Tensor
  package let labels: Tensor

  package init(_ images: SyntheticImages, step: Int, configuration: DynamicTrainer.Configuration) {
    let indices = TrainingBatch.indices(
      step: step, batch: configuration.batch, count: images.count, seed: configuration.seed)
    var inputs = images.images.rows(at: indices)
    var labels = images.labels.rows(at: indices)
    var stream = RandomStream(seed: configuration.seed, "augmentation", step)
    if configuration.augmentation {
      inputs = Augmentation.cropAndFlip(inputs, stream: &stream)
    }
    if configuration.mixup {
      let easy = indices.indices.filter { images.isEasy[indices[$0]] }
      TrainingBatch.mix(&inputs, &labels, easy: easy, stream: &stream)
    }
    self.inputs = inputs
    self.labels = labels
  }

  /// Positions in the set: each epoch is a permutation of its own, and batches run on over the
  /// epochs' ends.
  package static func indices(step: Int, batch: Int, count: Int, seed: UInt64) -> [Int] {
    var result: [Int] = []
    var position = step * batch
    while result.count < batch {
      let epoch = position / count
      var stream = RandomStream(seed: seed, "epoch", epoch)
      let order = stream.permutation(count)
      let start = position % count
      let taken = order[start..<min(start + batch - result.count, count)]
      result += taken
      position += taken.count
    }
    return result
  }

  /// mixup among easy images with weights from Beta(1, 1) (methods.md 2.1.3, item 4); hard images
  /// stay as they are.
  private static func mix(
    _ inputs: inout Tensor, _ labels: inout Tensor, easy: [Int], stream: inout RandomStream
  ) {
    guard easy.count > 1 else { return }
    let originals = (inputs: inputs, labels: labels)
    for place in easy {
      let share = stream.beta(1)
      let partner = easy[stream.integer(below: easy.count)]
      func mixed(_ tensor: Tensor) -> Tensor {
        let (own, other) = (tensor.row(place), tensor.row(partner))
        return Tensor(
          shape: own.shape,
          elements: zip(own.elements, other.elements).map { share * $0 + (1 - share) * $1 })
      }
      inputs.setRow(place, to: mixed(originals.inputs))
      labels.setRow(place, to: mixed(originals.labels))
    }
  }
}
