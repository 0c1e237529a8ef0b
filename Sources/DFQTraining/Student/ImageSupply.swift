import DFQGraph
import DFQQuantization
import DFQSynthesis
import DFQTensor

/// The images of a run: a source for the steps, images for calibration, and those that are held out.
struct ImageSupply {
  var source: any ImageSource
  /// The images that no step sees; nil for sources that are no stored set.
  let heldOut: SyntheticImages?
  /// What names the images in checkpoints.
  let identity: String
  private let stored: SyntheticImages?
  private let configuration: DynamicTrainer.Configuration

  /// Splits a stored set.
  init(_ trainer: DynamicTrainer, _ images: SyntheticImages) throws {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "training") }
    try trainer.check()
    try trainer.check(imageShape: images.images.rowShape, classCount: images.classCount)
    configuration = trainer.configuration
    let sets = try images.holdOut(share: configuration.holdOut, seed: configuration.seed)
    let isUseful = sets.heldOut.count > 0 && sets.training.count > 0
    let training = isUseful ? sets.training : images
    heldOut = isUseful ? sets.heldOut : nil
    stored = training
    source = try StoredImages(training)
    identity = try StoredImages(images).identity
  }

  /// Takes images from a source.
  init(_ trainer: DynamicTrainer, _ source: any ImageSource) throws {
    try trainer.check()
    try trainer.check(imageShape: source.imageShape, classCount: source.classCount)
    configuration = trainer.configuration
    self.source = source
    heldOut = nil
    stored = nil
    identity = try source.identity
  }

  /// The batch of a step, checked where it is not a stored set's.
  mutating func batch(step: Int) throws -> SyntheticBatch {
    let count = configuration.imagesPerStep
    let batch = try source.batch(step: step, count: count, seed: configuration.seed)
    if stored == nil {
      try batch.check(
        count: count, imageShape: source.imageShape, classCount: source.classCount,
        source: "the source of images, step \(step)")
    }
    return batch
  }

  /// The images for ranges and for the budget: all of a stored set that are trained on; of another
  /// source, those of the coming steps as its state is now.
  mutating func calibrationImages(step: Int = 0) throws -> Tensor {
    if let stored { return stored.images }
    let count = configuration.calibrationImages
    let per = configuration.imagesPerStep
    let batches = try (0..<(count + per - 1) / per).map { try batch(step: step + $0).inputs }
    return Tensor.concatenating(batches).rows(0..<count)
  }
}
