import ArgumentParser
import DynaDFQ

extension ClassSimilarity.Measure: @retroactive ExpressibleByArgument {}
extension SoftLabels.Group: @retroactive ExpressibleByArgument {}
extension BatchNormStatistics.Comparison: @retroactive ExpressibleByArgument {}
extension AugmentationRule: @retroactive ExpressibleByArgument {}

/// Every setting of the synthesizer.
struct SynthesisOptions: ParsableArguments {
  /// The methods of synthesis.
  enum Method: String, ExpressibleByArgument, CaseIterable {
    case softLabels, hardSamples
  }

  @Option(
    help: """
      Method: softLabels, or hardSamples (HAST: one-hot labels, images weighted by difficulty, all \
      are kept). (default: softLabels)
      """)
  var method: Method?
  @Option(
    help: """
      With --method hardSamples: exponent of an image's difficulty. \
      (default: \(HardSampleMethod().exponent))
      """)
  var exponent: Float?
  @Option(help: "Number of synthetic images. \(Preset.synthesis(\.count))")
  var count: Int?
  @Option(
    name: .customLong("synthesis-batch"),
    help: "Images synthesized together. \(Preset.synthesis(\.imagesPerBatch))")
  var batch: Int?
  @Option(
    name: .customLong("synthesis-steps"),
    help: "Adam steps on each batch. \(Preset.synthesis(\.steps))")
  var steps: Int?
  @Option(
    name: .customLong("synthesis-rate"),
    help: "Adam's first rate on the images. \(Preset.synthesis(\.learningRate))")
  var learningRate: Float?
  @Option(
    help: """
      Factor of the cross entropy with the labels; 0 for images without labels. \
      \(Preset.synthesis(\.labelWeight)), with hardSamples \(HardSampleMethod().labelWeight)
      """)
  var labelLoss: Float?
  @Option(
    help: """
      Loss on batch norm's statistics: batchVariance or imageDeviation (ZeroQ's). \
      \(Preset.synthesis(\.statistics.rawValue))
      """)
  var statistics: BatchNormStatistics.Comparison?
  /// Which labels images are synthesized towards.
  enum Labels: String, ExpressibleByArgument, CaseIterable {
    case groups, refined, oneHot
    case unlabelled = "none"
  }

  @Option(
    help: """
      Labels: groups (soft over similar classes), refined (trained with the images), oneHot, or \
      none (ZeroQ). (default: groups)
      """)
  var labels: Labels?
  /// What stands for a class where labels are refined.
  enum Centroids: String, ExpressibleByArgument, CaseIterable {
    case rows, features
  }

  @Option(
    help: """
      With --labels refined: a class's centroid is its row of the classifier's weights, or the mean of \
      the features of 25 images, which are synthesized first: rows or features. (default: rows)
      """)
  var centroids: Centroids?
  @Flag(help: "Keep pixels inside the range of real ones.")
  var clampPixels = false
  @Option(
    help: """
      Classes of a hard label: mostSimilar, random, leastSimilar, mixed or all. \
      (default: \(SoftLabels().group.rawValue))
      """)
  var group: SoftLabels.Group?
  @Option(
    help: "Number of classes in a hard label. (default: 3 of up to 10 classes, 5 of up to 100, 10)")
  var groupSize: Int?
  @Option(help: "Share of easy, one-hot images, 0...1. (default: \(SoftLabels().easyShare))")
  var easyShare: Float?
  @Option(
    help: """
      Class similarity: dotProduct, cosine or centredCosine. \
      (default: \(SoftLabels().similarity.rawValue))
      """)
  var similarity: ClassSimilarity.Measure?
  @Option(
    help: """
      Crop and flip while synthesizing: automatic (above 64 pixels), always or never. \
      \(Preset.synthesis(\.augmentation.rawValue))
      """)
  var augment: AugmentationRule?
  @Flag(help: "Keep images that the teacher places outside their label's classes.")
  var keepUnfaithful = false

  func validate() throws {
    try Demand.range("--count", count, 1...10_000_000)
    try Demand.range("--synthesis-batch", batch, 1...1_000_000)
    try Demand.range("--synthesis-steps", steps, 0...10_000_000)
    try Demand.range("--synthesis-rate", learningRate, Float.leastNormalMagnitude...1e6)
    try Demand.range("--label-loss", labelLoss, 0...1e6)
    try Demand.range("--group-size", groupSize, 1...1_000_000)
    try Demand.range("--easy-share", easyShare, 0...1)
    try Demand.range("--exponent", exponent, 0...100)
    if method == .hardSamples {
      let reason = "with --method hardSamples"
      let options: [(String, Bool)] = [
        ("--labels", labels != nil), ("--group", group != nil),
        ("--group-size", groupSize != nil), ("--easy-share", easyShare != nil),
        ("--similarity", similarity != nil), ("--centroids", centroids != nil),
        ("--keep-unfaithful", keepUnfaithful),
      ]
      for (name, isGiven) in options { try Demand.absent(name, isGiven, reason) }
    } else {
      try Demand.absent("--exponent", exponent != nil, "without --method hardSamples")
    }
    try Demand.absent(
      "--centroids", centroids != nil && labels != .refined, "without --labels refined")
    if let labels, labels != .groups {
      let reason = "with --labels \(labels.rawValue)"
      try Demand.absent("--group", group != nil, reason)
      try Demand.absent("--group-size", groupSize != nil, reason)
      try Demand.absent("--easy-share", easyShare != nil, reason)
      try Demand.absent("--similarity", similarity != nil, reason)
    }
  }

  /// The first option that was given, for commands that do not synthesize.
  var given: String? { count != nil ? "--count" : givenBesidesCount }

  /// The first option but the number of images that was given, for images of a generator.
  var givenBesidesCount: String? {
    let options: [(String, Bool)] = [
      ("--method", method != nil), ("--exponent", exponent != nil),
      ("--synthesis-batch", batch != nil),
      ("--synthesis-steps", steps != nil), ("--synthesis-rate", learningRate != nil),
      ("--label-loss", labelLoss != nil), ("--statistics", statistics != nil),
      ("--labels", labels != nil), ("--centroids", centroids != nil),
      ("--clamp-pixels", clampPixels), ("--group", group != nil),
      ("--group-size", groupSize != nil), ("--easy-share", easyShare != nil),
      ("--similarity", similarity != nil), ("--augment", augment != nil),
      ("--keep-unfaithful", keepUnfaithful),
    ]
    return options.first { $0.1 }?.0
  }

  /// The settings of the run.
  func configuration(_ preset: Preset, seed: UInt64) -> Synthesizer.Configuration {
    var c = preset.synthesis.run
    if method == .hardSamples { c = HardSampleMethod.run(like: c) }
    if let count { c.count = count }
    if let batch { c.imagesPerBatch = batch }
    if let steps { c.steps = steps }
    if let learningRate { c.learningRate = learningRate }
    if clampPixels { c.clampPixels = true }
    if let augment { c.augmentation = augment }
    if keepUnfaithful { c.dropUnfaithful = false }
    c.seed = seed
    return c
  }

  /// The method with its settings.
  func makeMethod(_ preset: Preset) -> any SynthesisMethod {
    guard method == .hardSamples else {
      var soft = preset.synthesis.method
      if let labelLoss { soft.labelWeight = labelLoss }
      if let statistics { soft.statistics = statistics }
      soft.labels = strategy(preset)
      return soft
    }
    var hard = HardSampleMethod()
    if let labelLoss { hard.labelWeight = labelLoss }
    if let exponent { hard.exponent = exponent }
    if let statistics { hard.statistics = statistics }
    return hard
  }

  private func strategy(_ preset: Preset) -> any LabelStrategy {
    switch labels ?? .groups {
    case .groups:
      var groups = SoftLabels()
      if let group { groups.group = group }
      if let groupSize { groups.groupSize = groupSize }
      if let easyShare { groups.easyShare = easyShare }
      if let similarity { groups.similarity = similarity }
      return groups
    case .refined:
      let features = ClassCentroids.features(
        imagesPerClass: 25, steps: steps ?? preset.synthesis.steps)
      return RefinedLabels(centroids: centroids == .features ? features : .classifierRows)
    case .oneHot: return OneHotLabels()
    case .unlabelled: return Unlabelled()
    }
  }
}
