import DFQGraph
import DFQTensor

extension Synthesizer {
  /// The settings of a run that do not depend on the method.
  public struct Configuration: Sendable, Codable, Hashable {
    /// The number of images, before unfaithful ones are dropped.
    public var count: Int
    /// The number of images that are synthesized together; losses on batch statistics couple them.
    public var imagesPerBatch: Int
    /// The steps of each batch.
    public var steps: Int
    /// Adam's first rate for the images.
    public var learningRate: Float
    /// The number of steps without improvement after which the rate falls to a tenth.
    public var patience: Int
    /// When images are augmented.
    public var augmentation: AugmentationRule
    /// Whether pixels are kept where those of real images can be, 0...1 before normalization; the
    /// published methods do not.
    public var clampPixels: Bool
    /// Whether images are dropped that the teacher places outside of their label's support.
    public var dropUnfaithful: Bool
    /// The seed of every draw.
    public var seed: UInt64

    /// Makes a configuration.
    public init(
      count: Int = 512, imagesPerBatch: Int = 128, steps: Int = 250, learningRate: Float = 0.25,
      patience: Int = 50, augmentation: AugmentationRule = .automatic, clampPixels: Bool = false,
      dropUnfaithful: Bool = true, seed: UInt64 = 0
    ) {
      self.count = count
      self.imagesPerBatch = imagesPerBatch
      self.steps = steps
      self.learningRate = learningRate
      self.patience = patience
      self.augmentation = augmentation
      self.clampPixels = clampPixels
      self.dropUnfaithful = dropUnfaithful
      self.seed = seed
    }

    /// The number of batches.
    public var batchCount: Int {
      guard count > 0, imagesPerBatch > 0 else { return 0 }
      return count / imagesPerBatch + (count % imagesPerBatch == 0 ? 0 : 1)
    }

    /// The number of images of a batch.
    func count(ofBatch index: Int) -> Int {
      min(imagesPerBatch, count - index * imagesPerBatch)
    }

    /// Bounds are far above what is useful; they keep products from overflowing.
    func check() throws {
      func demand(_ holds: Bool, _ what: String, _ found: String) throws {
        if !holds { throw SynthesisError.badConfiguration(what: what, found: found) }
      }
      let countLimit = SyntheticImages.countLimit
      try demand(
        (1...countLimit).contains(count), "a number of images in 1...\(countLimit)", "\(count)")
      try demand(
        (1...countLimit).contains(imagesPerBatch),
        "a number of images per batch in 1...\(countLimit)",
        "\(imagesPerBatch)")
      try demand(
        (0...1_000_000_000).contains(steps), "a number of steps in 0...1000000000", "\(steps)")
      try demand(
        learningRate.isFinite && learningRate > 0, "a learning rate above 0", "\(learningRate)")
      try demand(patience >= 0, "a patience of at least 0 steps", "\(patience)")
    }

    /// Checks that a batch and the whole set have a size that memory could hold.
    func check(_ network: Network) throws {
      _ = try SyntheticImages.batchShape(min(count, imagesPerBatch), network)
      let whole = [count] + network.imageShape.dimensions
      guard Shape.checkedCount(whole, limit: 16 * SyntheticImages.elementLimit) != nil else {
        throw SynthesisError.badConfiguration(
          what: "images of together at most \(16 * SyntheticImages.elementLimit) values",
          found: "\(count) of \(network.imageShape)")
      }
    }
  }
}
