public import DFQEngine
import DFQGraph

extension SoftLabelSynthesizer {
  /// The settings of a run: those of ``SoftLabelMethod`` and of ``Synthesizer/Configuration``.
  public struct Configuration: Sendable, Codable, Hashable {
    /// The settings of the method.
    public var method: SoftLabelMethod
    /// The settings of the run.
    public var run: Synthesizer.Configuration

    /// Makes a configuration; the defaults are the preset ``reduced``.
    public init(
      count: Int = 512, imagesPerBatch: Int = 128, steps: Int = 250, learningRate: Float = 0.25,
      patience: Int = 50, labels: any LabelStrategy = SoftLabels(), labelWeight: Float = 1,
      statistics: BatchNormStatistics.Comparison = .batchVariance, statisticsWeight: Float = 1,
      augmentation: AugmentationRule = .automatic, clampPixels: Bool = false,
      dropUnfaithful: Bool = true, seed: UInt64 = 0
    ) {
      method = SoftLabelMethod(
        labels: labels, labelWeight: labelWeight, statistics: statistics,
        statisticsWeight: statisticsWeight)
      run = Synthesizer.Configuration(
        count: count, imagesPerBatch: imagesPerBatch, steps: steps, learningRate: learningRate,
        patience: patience, augmentation: augmentation, clampPixels: clampPixels,
        dropUnfaithful: dropUnfaithful, seed: seed)
    }

    /// For demonstrations: 256 images, 100 steps.
    public static var demo: Configuration { .init(count: 256, steps: 100) }
    /// About a twentieth of the published work: 512 images, 250 steps.
    public static var reduced: Configuration { .init() }
    /// The amount of work of IntraQ (Zhong et al., CVPR 2022) and HAST (Li et al., CVPR 2023): 5120
    /// images in batches of 256, 1000 steps.
    public static var full: Configuration {
      .init(count: 5120, imagesPerBatch: 256, steps: 1000, learningRate: 0.5)
    }
  }
}

extension SoftLabelSynthesizer.Configuration {
  /// The number of images, before unfaithful ones are dropped.
  public var count: Int {
    get { run.count }
    set { run.count = newValue }
  }
  /// The number of images that are synthesized together; the loss on batch statistics couples them.
  public var imagesPerBatch: Int {
    get { run.imagesPerBatch }
    set { run.imagesPerBatch = newValue }
  }
  /// The steps of each batch.
  public var steps: Int {
    get { run.steps }
    set { run.steps = newValue }
  }
  /// Adam's first rate for the images.
  public var learningRate: Float {
    get { run.learningRate }
    set { run.learningRate = newValue }
  }
  /// The number of steps without improvement after which the rate falls to a tenth.
  public var patience: Int {
    get { run.patience }
    set { run.patience = newValue }
  }
  /// Which labels images are synthesized towards: ``SoftLabels``, ``RefinedLabels``,
  /// ``OneHotLabels``, ``Unlabelled`` or a strategy of your own.
  public var labels: any LabelStrategy {
    get { method.labels }
    set { method.labels = newValue }
  }
  /// The factor of the cross entropy with the labels; with 0 images are made without labels.
  public var labelWeight: Float {
    get { method.labelWeight }
    set { method.labelWeight = newValue }
  }
  /// The form of the loss on batch-norm statistics.
  public var statistics: BatchNormStatistics.Comparison {
    get { method.statistics }
    set { method.statistics = newValue }
  }
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float {
    get { method.statisticsWeight }
    set { method.statisticsWeight = newValue }
  }
  /// When images are augmented.
  public var augmentation: AugmentationRule {
    get { run.augmentation }
    set { run.augmentation = newValue }
  }
  /// Whether pixels are kept where those of real images can be, 0...1 before normalization.
  public var clampPixels: Bool {
    get { run.clampPixels }
    set { run.clampPixels = newValue }
  }
  /// Whether images are dropped that the teacher places outside of their label's support.
  public var dropUnfaithful: Bool {
    get { run.dropUnfaithful }
    set { run.dropUnfaithful = newValue }
  }
  /// The seed of every draw.
  public var seed: UInt64 {
    get { run.seed }
    set { run.seed = newValue }
  }
}
