public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Images that several networks take for data, mixed with each other while they are made (Li et al.,
/// "MixMix: All You Need for Data-Free Compression Are Feature and Data Mixing", ICCV 2021).
///
/// 1. Feature mixing: the loss is the sum over all networks m of the cross entropy CE_m and the loss on
///    batch-norm statistics BNS_m, plus the image priors, total variation and norm
///    (``NetworkObjectives``). The network that images are synthesized from is the first;
///    ``otherTeachers`` are the others, which have the same classes.
/// 2. Data mixing: in a share of the steps the networks see each image with another one in a box, and
///    its label mixed likewise; the pixels of both are optimized (``DataMixing``).
///
/// Settings name the other networks by their files and by the digests of their parameters. Networks that
/// are given in code have no file, and settings with them cannot be read.
public struct MixMix: SynthesisMethod, Hashable {
  /// The method's name in files.
  public static let kind = "mixmix"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "Images for several teachers at once, mixed with each other while they are made.",
    reference: .init(
      "Li et al.",
      "MixMix: All You Need for Data-Free Compression Are Feature and Data Mixing", "ICCV", 2021),
    formula:
      "sum over teachers of CE(P_m(x~), y~) + BN statistics, + TV + norm; x~ has another image in a box",
    page: "MixMix",
    notes: [
      "Other teachers are files: otherTeachers=[FILE, FILE]; without them it is data mixing alone.",
      "Reconstructed: there is no official code, and the published run is unconfirmed.",
    ])

  /// The published run, or the amounts of ``SoftLabelMethod``; no image is cropped or dropped.
  public static func work(_ preset: WorkPreset) -> Synthesizer.Configuration {
    preset == .full ? publishedRun : run(like: preset.synthesis.run)
  }

  /// How much of a mixed image's label is that of the pasted image.
  public enum LabelShare: String, Sendable, Codable, CaseIterable {
    /// The box's share of the image's area.
    case area
    /// Half: both images are whole.
    case half
  }

  /// The other networks.
  public var otherTeachers: [Teacher]
  /// The share of steps in which images are mixed.
  public var mixedShare: Float
  /// The shortest and the longest side of a box over the image's side.
  public var boxSides: ClosedRange<Float>
  /// How labels are mixed.
  public var labelShare: LabelShare
  /// The factor of the cross entropy of each network.
  public var labelWeight: Float
  /// The factor of the loss on batch-norm statistics of each network.
  public var statisticsWeight: Float
  /// The factor of the total variation.
  public var variationWeight: Float
  /// The factor of the images' norm.
  public var normWeight: Float

  /// Makes the method; the priors' factors are those of DeepInversion (Yin et al., CVPR 2020).
  public init(
    otherTeachers: [Network] = [], mixedShare: Float = 0.5,
    boxSides: ClosedRange<Float> = 0.25...0.75, labelShare: LabelShare = .area,
    labelWeight: Float = 1, statisticsWeight: Float = 1, variationWeight: Float = 1e-4,
    normWeight: Float = 1e-5
  ) {
    self.otherTeachers = otherTeachers.map(Teacher.init)
    self.mixedShare = mixedShare
    self.boxSides = boxSides
    self.labelShare = labelShare
    self.labelWeight = labelWeight
    self.statisticsWeight = statisticsWeight
    self.variationWeight = variationWeight
    self.normWeight = normWeight
  }

  /// The settings for CIFAR-10 and CIFAR-100; none are published.
  public static let cifar = MixMix()
  /// The settings for ImageNet, which are the same.
  public static let imageNet = MixMix()

  /// The published run as far as it is known: 1024 images, 20,000 steps of 0.25.
  public static let publishedRun = run(
    like: .init(
      count: 1024, imagesPerBatch: 128, steps: 20_000, learningRate: 0.25, patience: 1000))

  /// The settings of a run with the amounts of another, that drops no image and crops none.
  public static func run(like other: Synthesizer.Configuration) -> Synthesizer.Configuration {
    ZeroQ.run(like: other)
  }

  /// Checks the settings, and that all networks have batch norm, finite weights, and the same images
  /// and classes.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers`,
  ///   `NetworkError.notFinite` and `NetworkError.imageShape`.
  public func check(_ network: Network) throws {
    try Self.demandNotNegative([
      (labelWeight, "a label weight"), (statisticsWeight, "a BN statistics weight"),
      (variationWeight, "a weight of total variation"), (normWeight, "a weight of norms"),
    ])
    guard (0...1).contains(mixedShare) else {
      throw SynthesisError.badConfiguration(
        what: "a share of mixed steps in 0...1", found: "\(mixedShare)")
    }
    guard boxSides.lowerBound >= 0, boxSides.upperBound <= 1 else {
      throw SynthesisError.badConfiguration(what: "sides of a box in 0...1", found: "\(boxSides)")
    }
    try network.checkTeacher()
    for other in otherTeachers.map(\.network) {
      try other.checkTeacher()
      guard other.imageShape == network.imageShape else {
        throw NetworkError.imageShape(expected: network.imageShape, found: other.imageShape)
      }
      guard other.classCount == network.classCount else {
        throw SynthesisError.badConfiguration(
          what: "other teachers of \(network.classCount) classes", found: "\(other.classCount)")
      }
    }
  }

  /// What a batch of MixMix is synthesized towards.
  public struct Targets: SynthesisTargets {
    /// One-hot labels.
    public let finalLabels: LabelBatch?
    let labels: Tensor
    let statistics: [any MomentObjective]
    /// The losses of the other networks, whose labels change with the step.
    let others: [NetworkObjectives]
  }

  /// Draws one-hot labels that cover the classes evenly.
  public func targets(_ batch: SynthesisBatch, stream: inout RandomStream) throws -> Targets {
    let labels = try OneHotLabels().labels(
      count: batch.count, network: batch.network, stream: &stream)
    return Targets(
      finalLabels: labels, labels: labels.labels,
      statistics: try batch.network.batchNormStatistics(weight: statisticsWeight),
      others: try otherTeachers.map(\.network).enumerated().map { place, other in
        try NetworkObjectives(
          other, inputsOf: batch.network,
          moments: try other.batchNormStatistics(weight: statisticsWeight),
          name: "teacher \(place + 2)", context: batch.context)
      })
  }

  /// How the images of a step are mixed; nil where they are not.
  private func mixing(_ step: Int, _ batch: SynthesisBatch) throws -> DataMixing? {
    var stream = RandomStream(seed: batch.configuration.seed, "data mixing", batch.index, step)
    guard stream.uniform() < mixedShare else { return nil }
    return try DataMixing(batch: batch.shape, sides: boxSides, stream: &stream)
  }

  /// The losses of all networks with the labels of the step's mixed images, and the priors.
  public func objectives(
    step: Int, targets: Targets, batch: SynthesisBatch
  ) throws -> SynthesisObjectives {
    var labels = targets.labels
    if let mixing = try mixing(step, batch) {
      labels = mixing.labels(
        labels,
        shares: labelShare == .area
          ? mixing.shares : [Float](repeating: 0.5, count: batch.count))
    }
    var objectives = SynthesisObjectives(
      images: [
        CrossEntropy(labels: labels, node: batch.network.graph.output, weight: labelWeight)
      ], moments: targets.statistics)
    for (teacher, other) in zip(otherTeachers, targets.others) {
      var other = other
      other.images = [
        CrossEntropy(labels: labels, node: teacher.network.graph.output, weight: labelWeight)
      ]
      objectives.pixels.append(other)
    }
    if variationWeight > 0 { objectives.pixels.append(TotalVariation(weight: variationWeight)) }
    if normWeight > 0 { objectives.pixels.append(ImageNorm(weight: normWeight)) }
    return objectives
  }

  /// The step's mixing.
  public func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageTransform)? { try mixing(step, batch) }
}
