public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Images of a class that differ from each other (Zhong et al., "IntraQ: Learning Synthetic Images with
/// Intra-Class Heterogeneity for Zero-Shot Network Quantization", CVPR 2022).
///
/// 1. Local object reinforcement: in half of the steps all images are cropped, resized and flipped, so
///    that objects fill crops of any size.
/// 2. Marginal distance constraint: the features keep a cosine distance between lambda_l and lambda_u to
///    the mean features of the images of their class in the batches before (``MarginalDistance``).
/// 3. Soft inception loss: half of the images are to have their class's probability drawn from
///    U(epsilon, 1), the others 1 (``SoftInception``).
///
/// The loss is their sum with that on the batch's batch-norm statistics, mean and variance.
public struct IntraQ: SynthesisMethod, Hashable {
  /// The method's name in files.
  public static let kind = "intraq"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "Images that differ within a class: crops, distances to class centres, soft certainty.",
    reference: .init(
      "Zhong et al.",
      "IntraQ: Learning Synthetic Images with Intra-Class Heterogeneity for Zero-Shot Network Quantization",
      "CVPR", 2022),
    formula:
      "BN statistics + mean (p_y - t)^2 + mean max(l - d, 0) + max(d - u, 0), d = 1 - cos(f, c_y)",
    page: "IntraQ", notes: ["A batch needs the batches before: the first one has no centres."])

  /// The published settings for other data sets.
  public static var variants: [String: IntraQ] { ["cifar100": .cifar100, "imageNet": .imageNet] }

  /// The published run, or the amounts of ``SoftLabelMethod``; images are cropped and none is dropped.
  public static func work(_ preset: WorkPreset) -> Synthesizer.Configuration {
    preset == .full ? publishedRun : run(like: preset.synthesis.run)
  }

  /// The lowest probability epsilon that an image's class is to have.
  public var leastProbability: Float
  /// The share of images with a drawn probability.
  public var softShare: Float
  /// The distance lambda_l below which an image is too near to its class's centre.
  public var lowerMargin: Float
  /// The distance lambda_u above which an image is too far from its class's centre; distances are 0...2.
  public var upperMargin: Float
  /// The share of steps in which images are cropped and flipped, where the run's rule does not forbid
  /// it.
  public var reinforcedShare: Float
  /// The factor of the soft inception loss.
  public var labelWeight: Float
  /// The factor of the marginal distance.
  public var distanceWeight: Float
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float

  /// Makes the method; the defaults are those published for CIFAR-10.
  public init(
    leastProbability: Float = 0.95, softShare: Float = 0.5, lowerMargin: Float = 0.05,
    upperMargin: Float = 0.8, reinforcedShare: Float = 0.5, labelWeight: Float = 1,
    distanceWeight: Float = 1, statisticsWeight: Float = 1
  ) {
    self.leastProbability = leastProbability
    self.softShare = softShare
    self.lowerMargin = lowerMargin
    self.upperMargin = upperMargin
    self.reinforcedShare = reinforcedShare
    self.labelWeight = labelWeight
    self.distanceWeight = distanceWeight
    self.statisticsWeight = statisticsWeight
  }

  /// The published settings for CIFAR-10.
  public static let cifar = IntraQ()
  /// The published settings for CIFAR-100.
  public static let cifar100 = IntraQ(leastProbability: 0.6, lowerMargin: 0.02, upperMargin: 1)
  /// The published settings for ImageNet: hard labels, and no distance is outside of the margins.
  public static let imageNet = IntraQ(leastProbability: 1, lowerMargin: 0, upperMargin: 2)

  /// The published run: 4 groups of 5 batches.
  public static let publishedRun = run(
    like: .init(count: 5120, imagesPerBatch: 256, steps: 1000, learningRate: 0.5, patience: 50))

  /// The settings of a run with the amounts of another, that crops images of any size and drops none.
  public static func run(like other: Synthesizer.Configuration) -> Synthesizer.Configuration {
    var run = other
    run.dropUnfaithful = false
    run.augmentation = .always
    return run
  }

  /// Whether some distance is outside of the margins.
  private var constrainsDistances: Bool {
    distanceWeight > 0 && (lowerMargin > 0 || upperMargin < 2)
  }

  /// Class centres are those of the batches before, where distances are constrained.
  public var needsFinishedBatches: Bool { constrainsDistances }

  /// Checks the settings and that the network has batch norm, a classifier and finite weights.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers` and
  ///   `NetworkError.notFinite`.
  public func check(_ network: Network) throws {
    try Self.demandNotNegative([
      (labelWeight, "a label weight"), (distanceWeight, "a weight of distances"),
      (statisticsWeight, "a BN statistics weight"),
    ])
    for (share, what) in [
      (leastProbability, "a least probability"), (softShare, "a share of soft labels"),
      (reinforcedShare, "a share of reinforced steps"),
    ] where !(0...1).contains(share) {
      throw SynthesisError.badConfiguration(what: "\(what) in 0...1", found: "\(share)")
    }
    guard 0 <= lowerMargin, lowerMargin <= upperMargin, upperMargin <= 2 else {
      throw SynthesisError.badConfiguration(
        what: "margins in 0...2, the lower one first", found: "\(lowerMargin), \(upperMargin)")
    }
    try network.checkTeacher()
    if constrainsDistances { _ = try network.classifier() }
  }

  /// What a batch of IntraQ is synthesized towards.
  public struct Targets: SynthesisTargets {
    /// One-hot labels.
    public let finalLabels: LabelBatch?
    /// The losses that do not change with the step.
    let objectives: SynthesisObjectives
  }

  /// Draws labels that cover the classes evenly and their probabilities, and takes the class centres of
  /// the batches before.
  public func targets(_ batch: SynthesisBatch, stream: inout RandomStream) throws -> Targets {
    let network = batch.network
    let labels = try OneHotLabels().labels(
      count: batch.count, network: network, stream: &stream)
    let probabilities = labels.anchors.map { _ in
      stream.uniform() < softShare ? stream.uniform(leastProbability, 1) : 1
    }
    var images: [any ImageObjective] = [
      SoftInception(
        classes: labels.anchors, probabilities: probabilities, node: network.graph.output,
        weight: labelWeight)
    ]
    if constrainsDistances, !batch.finished.isEmpty {
      let centres = try ClassCentroids.meanFeaturesOfPresentClasses(
        of: .concatenating(batch.finished), in: network, context: batch.context)
      images.append(
        MarginalDistance(
          centres: labels.anchors.map { centres[$0] }, lower: lowerMargin, upper: upperMargin,
          node: network.graph.nodes[try network.classifier().node].inputs[0],
          weight: distanceWeight))
    }
    return Targets(
      finalLabels: labels,
      objectives: SynthesisObjectives(
        images: images,
        moments: try network.batchNormStatistics(weight: statisticsWeight)))
  }

  /// The same losses in every step.
  public func objectives(
    step: Int, targets: Targets, batch: SynthesisBatch
  ) -> SynthesisObjectives { targets.objectives }

  /// Crops and flips all images of a step or none: local object reinforcement.
  ///
  /// Images of any size are cropped, unless the run's rule is ``AugmentationRule/never``.
  public func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageTransform)? {
    guard batch.configuration.augmentation != .never, stream.uniform() < reinforcedShare else {
      return nil
    }
    return try Augmentation(batch: batch.shape, stream: &stream)
  }
}
