public import DFQEngine
public import DFQGraph
public import DFQTensor

/// ZeroQ's statistics with slack, with layers that count more for some images, and images that correlate
/// like noise: Diverse Sample Generation (Zhang et al., "Diversifying Sample Generation for Accurate
/// Data-Free Quantization", CVPR 2021; Qin et al., TPAMI 2023).
///
/// 1. Slack: deviations up to delta_i and gamma_i cost nothing; these are percentiles epsilon of what
///    Gaussian images have (``SlackMargins``).
/// 2. Layerwise enhancement: layer i counts twice for image i modulo the number of layers
///    (``SlackStatistics``). In the official code it counts four times, for the first 20 images and
///    layers only.
/// 3. Correlation: the images' Gram matrix has the eigenvalues and eigenvectors of that of new noise in
///    every step (``SampleCorrelation``), with the factor 1 over the number of layers.
///
/// The official code adds twice the cross entropy with one-hot labels, total variation and the norm of
/// images, each with the factor 0.01.
public struct DSG: SynthesisMethod, Hashable {
  /// The method's name in files.
  public static let kind = "dsg"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "ZeroQ's statistics with slack; images care for different layers and correlate like noise.",
    reference: .init(
      "Zhang et al.", "Diversifying Sample Generation for Accurate Data-Free Quantization", "CVPR",
      2021),
    formula: "sum of e_ni max(|stat - target| - margin, 0)^2 + correlation / L", page: "DSG",
    notes: [
      "The correlation term is of the second paper (Qin et al., TPAMI 2023).",
      "The published run makes 40 images to calibrate ranges; training needs more: count.",
    ])

  /// The official code, and the first paper, which has no correlation term.
  public static var variants: [String: DSG] {
    ["officialCode": .officialCode, "withoutCorrelation": DSG(correlationWeight: 0)]
  }

  /// The run of the official code, or the amounts of ``SoftLabelMethod``; no image is cropped or dropped.
  public static func work(_ preset: WorkPreset) -> Synthesizer.Configuration {
    preset == .full ? publishedRun : run(like: preset.synthesis.run)
  }

  /// Starting images, enhancement and structure term as published or as in the official code.
  public var source: MethodSource
  /// The percentile epsilon of Gaussian images' deviations that is slack, 0...1; nil for no slack.
  public var percentile: Float?
  /// The number of Gaussian images that margins are measured with.
  public var marginImages: Int
  /// Whether layers are enhanced.
  public var enhancesLayers: Bool
  /// The factor of the loss on correlations, before it is divided by the number of layers.
  public var correlationWeight: Float
  /// The factor of the cross entropy with one-hot labels; with 0 images are made without labels.
  public var labelWeight: Float
  /// The factor of the total variation.
  public var variationWeight: Float
  /// The factor of the images' norm.
  public var normWeight: Float
  /// The margins, once they are measured; they follow from the settings and the network.
  private(set) var margins: SlackMargins?

  // Without the margins.
  private enum CodingKeys: String, CodingKey {
    case source, percentile, marginImages, enhancesLayers, correlationWeight, labelWeight
    case variationWeight, normWeight
  }

  /// Makes the method; the defaults are the published ones.
  public init(
    source: MethodSource = .published, percentile: Float? = 0.9, marginImages: Int = 1024,
    enhancesLayers: Bool = true, correlationWeight: Float = 1, labelWeight: Float = 0,
    variationWeight: Float = 0, normWeight: Float = 0
  ) {
    self.source = source
    self.percentile = percentile
    self.marginImages = marginImages
    self.enhancesLayers = enhancesLayers
    self.correlationWeight = correlationWeight
    self.labelWeight = labelWeight
    self.variationWeight = variationWeight
    self.normWeight = normWeight
  }

  /// The published settings for CIFAR-10.
  public static let cifar = DSG()
  /// The published settings for ImageNet, which are the same.
  public static let imageNet = DSG()
  /// The settings of the official code for calibration without training.
  public static let officialCode = DSG(
    source: .officialCode, labelWeight: 2, variationWeight: 0.01, normWeight: 0.01)

  /// The run of the official code: one batch of 40 images.
  public static let publishedRun = run(
    like: .init(count: 40, imagesPerBatch: 40, steps: 500, learningRate: 0.9, patience: 260))

  /// The settings of a run with the amounts of another, that neither crops nor drops an image.
  public static func run(like other: Synthesizer.Configuration) -> Synthesizer.Configuration {
    ZeroQ.run(like: other)
  }

  /// Checks the settings and that the network has batch norm and finite weights.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers` and
  ///   `NetworkError.notFinite`.
  public func check(_ network: Network) throws {
    try Self.demandNotNegative([
      (correlationWeight, "a weight of correlations"), (labelWeight, "a label weight"),
      (variationWeight, "a weight of total variation"), (normWeight, "a weight of norms"),
    ])
    if let percentile, !(0...1).contains(percentile) {
      throw SynthesisError.badConfiguration(what: "a percentile in 0...1", found: "\(percentile)")
    }
    guard (1...1_000_000).contains(marginImages) else {
      throw SynthesisError.badConfiguration(
        what: "margins of 1 to 1000000 images", found: "\(marginImages)")
    }
    try network.checkTeacher()
  }

  /// The method with measured margins.
  ///
  /// - Throws: `NetworkError`.
  public func prepared(
    for network: Network, configuration: Synthesizer.Configuration, context: ExecutionContext
  ) throws -> DSG {
    var result = self
    if let percentile {
      result.margins = try SlackMargins(
        measuring: network, imageCount: marginImages, percentile: percentile,
        seed: configuration.seed, context: context)
    }
    return result
  }

  /// The losses on statistics with the margins, and one-hot labels where they have a weight.
  public func targets(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> StatisticsTargets {
    let layers = batch.network.graph.batchNorms.count
    let none = SlackMargins(
      layers: [SlackMargins.Layer](repeating: .init(mean: 0, deviation: 0), count: layers))
    let statistics = try (margins ?? none).objectives(
      for: batch.network, weight: 1, enhancement: source == .published ? 2 : 4
    ) { enhancedImages(layer: $0, layers: layers, count: batch.count) }
    let labels: any LabelStrategy = labelWeight == 0 ? Unlabelled() : OneHotLabels()
    return StatisticsTargets(
      statistics: statistics,
      labels: try labels.targets(count: batch.count, network: batch.network, stream: &stream),
      labelWeight: labelWeight)
  }

  /// The images for which a layer counts more.
  package func enhancedImages(layer: Int, layers: Int, count: Int) -> Set<Int> {
    guard enhancesLayers else { return [] }
    return switch source {
    case .published: Set(stride(from: layer, to: count, by: layers))
    case .officialCode: layer < min(count, 20) ? [layer] : []
    }
  }

  /// The losses of a step: new noise is drawn for each.
  public func objectives(
    step: Int, targets: StatisticsTargets, batch: SynthesisBatch
  ) throws -> SynthesisObjectives {
    var objectives = SynthesisObjectives(moments: targets.statistics)
    if let labels = targets.labels.labels {
      objectives.images = [
        CrossEntropy(labels: labels, node: batch.network.graph.output, weight: labelWeight)
      ]
    }
    var stream = RandomStream(
      seed: batch.configuration.seed, "sample correlation", batch.index, step)
    if correlationWeight > 0 {
      let layers = Float(batch.network.graph.batchNorms.count)
      objectives.pixels.append(
        try SampleCorrelation(
          noise: Tensor(
            shape: batch.shape,
            elements: stream.normals(batch.shape.count, pool: batch.context.pool)),
          source: source, weight: correlationWeight / layers))
    }
    if variationWeight > 0 {
      objectives.pixels.append(
        TotalVariation(weight: variationWeight, offset: stream.integer(below: 60) - 30))
    }
    if normWeight > 0 { objectives.pixels.append(ImageNorm(weight: normWeight)) }
    return objectives
  }

  /// Standard normal noise, or that of ZeroQ's official code.
  public func startingImages(_ batch: SynthesisBatch, stream: inout RandomStream) -> Tensor {
    ZeroQ.startingImages(batch.shape, source: source, stream: &stream)
  }

  /// No crops, unless the run asks for them.
  public func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageTransform)? { try Self.cropsOnRequest(batch, &stream) }
}
