extension GeneratorSource {
  /// Everything a generator depends on besides the teacher and the method.
  public struct Configuration: Sendable, Codable, Hashable {
    /// The number of images of a stored set that the generator makes after its warm-up, for
    /// calibration, thresholds and pictures.
    public var count: Int
    /// The channels of the generator's first two maps; the third has half as many.
    public var channels: Int
    /// What batch norms behind convolutions add to the variance: 0.8 in the published code, where it
    /// was meant to be something else.
    public var normEpsilon: Float
    /// The images of a step of the warm-up; later steps have those of the student's.
    public var imagesPerStep: Int
    /// The steps that the generator takes before the student sees an image.
    public var warmUpSteps: Int
    /// Adam's base rate.
    public var learningRate: Float
    /// The generator's steps, those of the warm-up included, at which the rate is lowered.
    public var milestones: [Int]
    /// The factor of the rate at a milestone.
    public var decay: Float
    /// The seed of the first weights, of the warm-up and of stored images.
    public var seed: UInt64

    /// Makes a configuration; the defaults are the preset `reduced`.
    public init(
      count: Int = 512, channels: Int = 64, normEpsilon: Float = 0.8, imagesPerStep: Int = 64,
      warmUpSteps: Int = 2000, learningRate: Float = 1e-3,
      milestones: [Int] = [20_000, 40_000, 60_000], decay: Float = 0.1, seed: UInt64 = 0
    ) {
      self.count = count
      self.channels = channels
      self.normEpsilon = normEpsilon
      self.imagesPerStep = imagesPerStep
      self.warmUpSteps = warmUpSteps
      self.learningRate = learningRate
      self.milestones = milestones
      self.decay = decay
      self.seed = seed
    }

    /// For demonstrations.
    public static var demo: Configuration { .init(count: 256, warmUpSteps: 1200) }
    /// A generator of half the published width, whose warm-up sees about as many images as the published
    /// one in smaller batches.
    public static var reduced: Configuration { .init() }
    /// The published amount of work on CIFAR: batches of 200, a warm-up of 4 epochs of 200 steps.
    public static var full: Configuration {
      .init(count: 5120, channels: 128, imagesPerStep: 200, warmUpSteps: 800)
    }

    /// The learning rate after so many steps.
    package func rate(step: Int) -> Float {
      milestones.reduce(learningRate) { $1 <= step ? $0 * decay : $0 }
    }

    /// Checks every setting.
    ///
    /// - Throws: ``SynthesisError/badConfiguration(what:found:)``.
    func check() throws {
      func demand(_ holds: Bool, _ what: String, _ found: String) throws {
        if !holds { throw SynthesisError.badConfiguration(what: what, found: found) }
      }
      let countLimit = SyntheticImages.countLimit
      try demand(
        (1...countLimit).contains(count), "a number of images in 1...\(countLimit)", "\(count)")
      try demand(
        (1...1 << 16).contains(imagesPerStep), "images per step in 1...65536", "\(imagesPerStep)")
      try demand(
        (0..<GeneratorWeights.stepLimit).contains(warmUpSteps),
        "warm-up steps in 0..<\(GeneratorWeights.stepLimit)", "\(warmUpSteps)")
      try demand(
        normEpsilon.isFinite && normEpsilon >= 0, "an epsilon of at least 0", "\(normEpsilon)")
      try demand(
        learningRate.isFinite && learningRate > 0, "a learning rate above 0", "\(learningRate)")
      try demand(
        milestones.count <= 100 && milestones.allSatisfy { $0 >= 0 },
        "at most 100 milestones of at least 0 steps", "\(milestones)")
      try demand(decay.isFinite && decay > 0, "a decay above 0", "\(decay)")
    }
  }
}
