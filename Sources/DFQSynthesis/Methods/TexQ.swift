public import DFQEngine
public import DFQGraph
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Calibration images, one of each class, whose texture energy is distributed as in natural images (Chen
/// et al., "TexQ: Zero-shot Network Quantization with Texture Feature Distribution Calibration", NeurIPS
/// 2023, first stage).
///
/// The loss is the cross entropy with one-hot labels, plus batch-norm statistics layer by layer, plus
/// the divergence of the shares of Laws' texture energies from those of natural images
/// (``TextureEnergy``). The second stage is ``TexQGenerator``; TexQ's mixup distillation is `Mixup` in
/// training.
public struct TexQ: SynthesisMethod, Hashable {
  /// The method's name in files.
  public static let kind = "texq"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "Images whose texture energy is distributed as in natural images.",
    reference: .init(
      "Chen et al.",
      "TexQ: Zero-shot Network Quantization with Texture Feature Distribution Calibration",
      "NeurIPS",
      2023),
    formula:
      "CE(P(x), y) + BN statistics by layer + KL(natural shares || shares of Laws' energies)",
    page: "TexQ",
    notes: [
      "Reconstructed: the official repository is empty. The generator is texq generator.",
      "TexQ's calibration images are one of each class: count and imagesPerBatch.",
    ])

  /// The label weight that HAST has for ImageNet.
  public static var variants: [String: TexQ] { ["imageNet": .imageNet] }

  /// The amounts of ``SoftLabelMethod``; no image is cropped or dropped.
  public static func work(_ preset: WorkPreset) -> Synthesizer.Configuration {
    run(like: preset.synthesis.run)
  }

  /// The factor of the cross entropy.
  public var labelWeight: Float
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float
  /// How the statistics of layers weigh: layer l of L counts (l / L)^exponent, scaled so that the
  /// factors sum to 1; with 0 all count the same.
  public var layerExponent: Float
  /// The factor of the texture term.
  public var textureWeight: Float
  /// The exponent of the power spectrum that natural images are taken to have.
  public var spectrumExponent: Float

  /// Makes the method.
  public init(
    labelWeight: Float = 1, statisticsWeight: Float = 1, layerExponent: Float = 0,
    textureWeight: Float = 1, spectrumExponent: Float = 2
  ) {
    self.labelWeight = labelWeight
    self.statisticsWeight = statisticsWeight
    self.layerExponent = layerExponent
    self.textureWeight = textureWeight
    self.spectrumExponent = spectrumExponent
  }

  /// The settings for CIFAR-10 and CIFAR-100; the published ones are not known.
  public static let cifar = TexQ()
  /// The settings for ImageNet, with the label weight of HAST; the published ones are not known.
  public static let imageNet = TexQ(labelWeight: 0.1)

  /// One calibration image of each class in steps and rates of IntraQ.
  public static func publishedRun(for network: Network) -> Synthesizer.Configuration {
    run(
      like: .init(
        count: network.classCount, imagesPerBatch: min(network.classCount, 256), steps: 1000,
        learningRate: 0.5, patience: 50))
  }

  /// The settings of a run with the amounts of another, that neither crops nor drops an image.
  public static func run(like other: Synthesizer.Configuration) -> Synthesizer.Configuration {
    ZeroQ.run(like: other)
  }

  /// Checks the settings, that the network has batch norm and finite weights, and that its images have
  /// at least 5 x 5 pixels.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers` and
  ///   `NetworkError.notFinite`.
  public func check(_ network: Network) throws {
    try Self.demandNotNegative([
      (labelWeight, "a label weight"), (statisticsWeight, "a BN statistics weight"),
      (layerExponent, "an exponent of layers"), (textureWeight, "a weight of texture"),
      (spectrumExponent, "an exponent of the power spectrum"),
    ])
    let shape = network.imageShape
    guard shape.rank == 3, shape[0] >= 5, shape[1] >= 5 else {
      throw SynthesisError.badConfiguration(what: "images of at least 5x5", found: "\(shape)")
    }
    try network.checkTeacher()
  }

  /// The factors of the layers' statistics.
  package func layerShares(_ layers: Int) -> [Float] {
    let shares = (1...max(layers, 1)).map {
      pow(Double($0) / Double(layers), Double(layerExponent))
    }
    let sum = shares.reduce(0, +)
    return shares.map { Float($0 / sum) }
  }

  /// The classes of a batch's images: each class once before any comes again, over the whole run.
  package static func classes(_ batch: SynthesisBatch) -> [Int] {
    let classes = batch.network.classCount
    let first = batch.index * batch.configuration.imagesPerBatch
    var orders: [Int: [Int]] = [:]
    return (first..<first + batch.count).map { image in
      let (round, place) = image.quotientAndRemainder(dividingBy: classes)
      if orders[round] == nil {
        var stream = RandomStream(seed: batch.configuration.seed, "texq classes", round)
        orders[round] = stream.permutation(classes)
      }
      return orders[round]![place]
    }
  }

  /// One-hot labels, each class once before any comes again: a run of as many images as classes has one
  /// of each.
  public func targets(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> StatisticsTargets {
    let anchors = TexQ.classes(batch)
    return StatisticsTargets(
      statistics: try batch.network.batchNormStatistics(
        weight: statisticsWeight,
        shares: layerShares(batch.network.graph.batchNorms.count)),
      labels: FixedLabels(
        LabelBatch(
          labels: try .oneHot(anchors, classCount: batch.network.classCount),
          isEasy: [Bool](repeating: true, count: batch.count), anchors: anchors,
          supports: anchors.map { [$0] })), labelWeight: labelWeight)
  }

  /// The cross entropy, the losses on statistics and the texture term.
  public func objectives(
    step: Int, targets: StatisticsTargets, batch: SynthesisBatch
  ) -> SynthesisObjectives {
    SynthesisObjectives(
      images: targets.labels.labels.map {
        [CrossEntropy(labels: $0, node: batch.network.graph.output, weight: labelWeight)]
      } ?? [], moments: targets.statistics,
      pixels: textureWeight > 0
        ? [TextureEnergy(spectrumExponent: spectrumExponent, weight: textureWeight)] : [])
  }

  /// No crops, unless the run asks for them.
  public func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageTransform)? { try Self.cropsOnRequest(batch, &stream) }
}
