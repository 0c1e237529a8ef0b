public import DFQEngine
import DFQGraph

extension SoftLabelSynthesizer {
  /// When images are cropped and flipped while they are synthesized.
  public enum AugmentationRule: String, Sendable, Codable, CaseIterable {
    /// For images of more than 64 x 64 pixels.
    case automatic
    /// In half of the steps.
    case always
    /// Never.
    case never
  }

  /// Everything a run depends on besides the teacher and the label strategy.
  public struct Configuration: Sendable, Codable, Hashable {
    /// The number of images, before unfaithful ones are dropped.
    public var count: Int
    /// The images synthesized together; the BN statistics loss couples them.
    public var batch: Int
    /// The steps of each batch.
    public var steps: Int
    /// Adam's first rate.
    public var learningRate: Float
    /// The steps without improvement after which the rate falls to a tenth.
    public var patience: Int
    /// Which labels, where no strategy of one's own is given.
    public var variant: LabelVariant
    /// The labels of variant `groups`.
    public var labels: SoftLabels
    /// The factor of the cross entropy with the labels; 0 is the same as variant `none`.
    public var labelWeight: Float
    /// Which BN statistics loss.
    public var statistics: BatchNormStatistics.Variant
    /// The factor of the BN statistics loss.
    public var statisticsWeight: Float
    /// When images are augmented.
    public var augmentation: AugmentationRule
    /// Whether pixels are kept where real ones can be, 0...255 before normalization; the published
    /// methods do not (methods.md 5, item 21).
    public var clampPixels: Bool
    /// Whether images are dropped that the teacher places outside their label's support.
    public var dropUnfaithful: Bool
    /// The seed of every draw.
    public var seed: UInt64

    /// Makes a configuration; the defaults are the preset `reduced`.
    public init(
      count: Int = 512, batch: Int = 128, steps: Int = 250, learningRate: Float = 0.25,
      patience: Int = 50, variant: LabelVariant = .groups, labels: SoftLabels = .init(),
      labelWeight: Float = 1,
      statistics: BatchNormStatistics.Variant = .batchVariance, statisticsWeight: Float = 1,
      augmentation: AugmentationRule = .automatic, clampPixels: Bool = false,
      dropUnfaithful: Bool = true, seed: UInt64 = 0
    ) {
      self.count = count
      self.batch = batch
      self.steps = steps
      self.learningRate = learningRate
      self.patience = patience
      self.variant = variant
      self.labels = labels
      self.labelWeight = labelWeight
      self.statistics = statistics
      self.statisticsWeight = statisticsWeight
      self.augmentation = augmentation
      self.clampPixels = clampPixels
      self.dropUnfaithful = dropUnfaithful
      self.seed = seed
    }

    /// Seconds on two cores: for demonstrations.
    public static var demo: Configuration { .init(count: 256, steps: 100) }
    /// About a twentieth of the published work (methods.md 8.3).
    public static var reduced: Configuration { .init() }
    /// IntraQ's and HAST's amount of work (methods.md 2.6).
    public static var full: Configuration {
      .init(count: 5120, batch: 256, steps: 1000, learningRate: 0.5)
    }

    func check() throws {
      func demand(_ holds: Bool, _ what: String, _ found: String) throws {
        if !holds { throw SynthesisError.badConfiguration(what: what, found: found) }
      }
      try demand(count >= 1, "at least 1 image", "\(count)")
      try demand(batch >= 1, "a batch of at least 1", "\(batch)")
      try demand(steps >= 0, "steps of at least 0", "\(steps)")
      try demand(
        learningRate.isFinite && learningRate > 0, "a learning rate above 0", "\(learningRate)")
      try demand(
        labelWeight.isFinite && labelWeight >= 0, "a label weight of at least 0", "\(labelWeight)")
      try demand(patience >= 0, "a patience of at least 0 steps", "\(patience)")
      try demand(
        statisticsWeight.isFinite && statisticsWeight >= 0,
        "a BN statistics weight of at least 0", "\(statisticsWeight)")
      try labels.check()
      if case .refined(let refined) = variant { try refined.check() }
    }
  }
}
