import DFQEngine

extension TeacherTrainer {
  /// Everything a run depends on besides the network and the images.
  public struct Configuration: Sendable, Codable, Hashable {
    /// Passes over the images.
    public var epochs: Int
    /// The number of images in a step.
    public var imagesPerStep: Int
    /// SGD's highest rate, reached along a one-cycle schedule.
    public var learningRate: Float
    /// The share of the run in which the rate rises.
    public var warmup: Float
    /// SGD's momentum (Nesterov's).
    public var momentum: Float
    /// SGD's weight decay; it acts on weights only (neither biases nor batch norm).
    public var weightDecay: Float
    /// The probability mass spread over all classes.
    public var labelSmoothing: Float
    /// Pixels an image is shifted by at most, with zeros (of the normalized image) moving in.
    public var shift: Int
    /// Whether images are mirrored at random.
    public var flip: Bool
    /// The seed of weights, order and augmentation.
    public var seed: UInt64

    /// Makes a configuration; the defaults train the embedded Fashion-MNIST network.
    public init(
      epochs: Int = 20, imagesPerStep: Int = 128, learningRate: Float = 0.2, warmup: Float = 0.25,
      momentum: Float = 0.9, weightDecay: Float = 5e-4, labelSmoothing: Float = 0.1,
      shift: Int = 2, flip: Bool = true, seed: UInt64 = 0
    ) {
      self.epochs = epochs
      self.imagesPerStep = imagesPerStep
      self.learningRate = learningRate
      self.warmup = warmup
      self.momentum = momentum
      self.weightDecay = weightDecay
      self.labelSmoothing = labelSmoothing
      self.shift = shift
      self.flip = flip
      self.seed = seed
    }

    /// Checks every setting.
    ///
    /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
    func check() throws {
      try demand((1...Limit.epochs).contains(epochs), "epochs in 1...\(Limit.epochs)", epochs)
      try demand(
        (1...Limit.imagesPerStep).contains(imagesPerStep),
        "images per step in 1...\(Limit.imagesPerStep)", imagesPerStep)
      try demand(
        learningRate.isFinite && learningRate > 0, "a learning rate above 0", learningRate)
      try demand((0...1).contains(warmup), "a share of rising rates in 0...1", warmup)
      try demand((0..<1).contains(momentum), "a momentum in 0..<1", momentum)
      try demand(
        weightDecay.isFinite && weightDecay >= 0, "a weight decay of at least 0", weightDecay)
      try demand(
        (0..<1).contains(labelSmoothing), "a label smoothing in 0..<1", labelSmoothing)
      try demand((0...Limit.shift).contains(shift), "a shift in 0...\(Limit.shift)", shift)
    }

    /// The schedule of the learning rate.
    var schedule: LearningRateSchedule { .oneCycle(warmup: warmup, final: 1e-4) }
  }
}
