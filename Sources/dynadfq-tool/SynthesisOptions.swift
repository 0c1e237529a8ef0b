import ArgumentParser
import DynaDFQ

/// Every knob of the synthesizer.
struct SynthesisOptions: ParsableArguments {
  @Option(help: "Number of synthetic images.")
  var count: Int?
  @Option(name: .customLong("synthesis-batch"), help: "Images synthesized together.")
  var batch: Int?
  @Option(name: .customLong("synthesis-steps"), help: "Adam steps on each batch.")
  var steps: Int?
  @Option(name: .customLong("synthesis-rate"), help: "Adam's first rate on the images.")
  var learningRate: Float?
  @Option(help: "Factor of the cross entropy with the labels; 0 for images without labels.")
  var labelLoss: Float?
  @Option(help: "BN statistics loss: batchVariance or imageDeviation (ZeroQ's).")
  var statistics: BatchNormStatistics.Comparison?
  /// Which labels images are synthesized towards.
  enum Labels: String, ExpressibleByArgument, CaseIterable {
    case groups, refined, oneHot
    case unlabelled = "none"
  }

  @Option(
    help: """
      Labels: groups (soft over similar classes), refined (trained with the images), oneHot, or \
      none (ZeroQ).
      """)
  var labels: Labels?
  @Flag(help: "Keep pixels inside the range of real ones.")
  var clampPixels = false
  @Option(help: "Classes of a hard label: mostSimilar, random, leastSimilar, mixed or all.")
  var group: SoftLabels.Group?
  @Option(help: "Number of classes in a hard label.")
  var groupSize: Int?
  @Option(help: "Share of easy, one-hot images, 0...1.")
  var easyShare: Float?
  @Option(help: "Class similarity: dotProduct, cosine or centredCosine.")
  var similarity: ClassSimilarity.Measure?
  @Option(help: "Crop and flip while synthesizing: automatic, always or never.")
  var augment: AugmentationRule?
  @Flag(help: "Keep images the teacher places outside their label's classes.")
  var keepUnfaithful = false

  func configuration(_ preset: Preset, seed: UInt64) -> SoftLabelSynthesizer.Configuration {
    var c: SoftLabelSynthesizer.Configuration =
      switch preset {
      case .demo: .demo
      case .reduced: .reduced
      case .full: .full
      }
    if let count { c.count = count }
    if let batch { c.imagesPerBatch = batch }
    if let steps { c.steps = steps }
    if let learningRate { c.learningRate = learningRate }
    if clampPixels { c.clampPixels = true }
    if let labelLoss { c.labelWeight = labelLoss }
    if let statistics { c.statistics = statistics }
    c.labels = strategy
    if let augment { c.augmentation = augment }
    if keepUnfaithful { c.dropUnfaithful = false }
    c.seed = seed
    return c
  }

  private var strategy: any LabelStrategy {
    switch labels ?? .groups {
    case .groups:
      var groups = SoftLabels()
      if let group { groups.group = group }
      if let groupSize { groups.groupSize = groupSize }
      if let easyShare { groups.easyShare = easyShare }
      if let similarity { groups.similarity = similarity }
      return groups
    case .refined: return RefinedLabels()
    case .oneHot: return OneHotLabels()
    case .unlabelled: return Unlabelled()
    }
  }
}
