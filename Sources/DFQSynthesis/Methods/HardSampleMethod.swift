public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Images that the teacher finds hard: batch-norm statistics and a cross entropy with one-hot labels
/// that weighs images by their difficulty (HAST, Li et al., "Hard Sample Matters a Lot in Zero-Shot
/// Quantization", CVPR 2023, section 3.2).
///
/// The loss is statistics + labelWeight * mean((1 - p)^exponent * -log p), where p is the teacher's
/// probability of the image's class. A run as published keeps all images, also those that the teacher
/// takes for another class; see ``run(like:)``.
public struct HardSampleMethod: SynthesisMethod, Hashable {
  /// The method's name in files.
  public static let kind = "hard samples"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "HAST's images: one-hot labels, a cross entropy that weighs images by their difficulty.",
    reference: .init(
      "Li et al.", "Hard Sample Matters a Lot in Zero-Shot Quantization", "CVPR", 2023),
    formula: "BN statistics + labelWeight * mean((1 - p)^exponent * -log p), p = P(x) at the label",
    page: "HAST",
    notes: [
      "No image is dropped.",
      "HAST's training is Perturbation and the objectives distillation and attention alignment.",
    ])

  /// The published settings for ImageNet.
  public static var variants: [String: HardSampleMethod] { ["imageNet": .imageNet] }

  /// The amounts of ``SoftLabelMethod``, which are those of HAST; no image is dropped.
  public static func work(_ preset: WorkPreset) -> Synthesizer.Configuration {
    run(like: preset.synthesis.run)
  }

  /// The factor beta of the weighted cross entropy.
  public var labelWeight: Float
  /// The exponent gamma of the difficulty; with 0 every image weighs the same.
  public var exponent: Float
  /// The form of the loss on batch-norm statistics.
  public var statistics: BatchNormStatistics.Comparison
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float

  /// Makes the method; the defaults are those published for CIFAR-10 and CIFAR-100.
  public init(
    labelWeight: Float = 10, exponent: Float = 2,
    statistics: BatchNormStatistics.Comparison = .batchVariance, statisticsWeight: Float = 1
  ) {
    self.labelWeight = labelWeight
    self.exponent = exponent
    self.statistics = statistics
    self.statisticsWeight = statisticsWeight
  }

  /// The published settings for CIFAR-10 and CIFAR-100.
  public static let cifar = HardSampleMethod()
  /// The published settings for ImageNet.
  public static let imageNet = HardSampleMethod(labelWeight: 0.1, exponent: 0.5)

  /// The settings of a run with the amounts of another, that drops no image; as published, only images
  /// of more than 64 rows are cropped and flipped.
  public static func run(like other: Synthesizer.Configuration) -> Synthesizer.Configuration {
    var run = other
    run.dropUnfaithful = false
    run.augmentation = .automatic
    return run
  }

  /// Checks the settings and that the network has batch norm and finite weights.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers` and
  ///   `NetworkError.notFinite`.
  public func check(_ network: Network) throws {
    for (value, what) in [
      (labelWeight, "a label weight"), (exponent, "an exponent of difficulty"),
      (statisticsWeight, "a BN statistics weight"),
    ] {
      guard value.isFinite, value >= 0 else {
        throw SynthesisError.badConfiguration(what: "\(what) of at least 0", found: "\(value)")
      }
    }
    try network.checkTeacher()
  }

  /// Draws one-hot labels that cover the classes evenly.
  public func targets(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> StatisticsTargets {
    StatisticsTargets(
      statistics: try batch.network.batchNormStatistics(
        comparison: statistics, weight: statisticsWeight),
      labels: try OneHotLabels().targets(
        count: batch.count, network: batch.network, stream: &stream),
      labelWeight: labelWeight)
  }

  /// The weighted cross entropy and the losses on statistics.
  public func objectives(
    step: Int, targets: StatisticsTargets, batch: SynthesisBatch
  ) throws -> SynthesisObjectives {
    SynthesisObjectives(
      images: [
        HardSampleCrossEntropy(
          classes: targets.finalLabels?.anchors ?? [], exponent: exponent,
          node: batch.network.graph.output, weight: labelWeight)
      ], moments: targets.statistics)
  }
}
