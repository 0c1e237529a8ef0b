public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Images whose statistics match the teacher's batch norm and whose logits match their labels: the
/// method of this package (Hong et al., WACV 2025, stage 1), and by its settings those that it
/// extends.
public struct SoftLabelMethod: SynthesisMethod {
  /// The method's name in files.
  public static let kind = "soft labels"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "Images that match batch-norm statistics and soft labels over similar classes.",
    reference: .init(
      "Hong et al.", "Difficulty, Plausibility, and Diversity: Dynamic Data-Free Quantization",
      "WACV", 2025),
    formula: "statisticsWeight * BN statistics + labelWeight * CE(P(x), label)",
    notes: [
      "The labels are a setting: groups (the default), refined, one-hot or unlabelled.",
      "Images that the teacher places outside of their label's classes are dropped.",
    ])

  /// Which labels images are synthesized towards.
  public var labels: any LabelStrategy
  /// The factor of the cross entropy with the labels; with 0 images are made without labels.
  public var labelWeight: Float
  /// The form of the loss on batch-norm statistics.
  public var statistics: BatchNormStatistics.Comparison
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float

  /// Makes the method.
  public init(
    labels: any LabelStrategy = SoftLabels(), labelWeight: Float = 1,
    statistics: BatchNormStatistics.Comparison = .batchVariance, statisticsWeight: Float = 1
  ) {
    self.labels = labels
    self.labelWeight = labelWeight
    self.statistics = statistics
    self.statisticsWeight = statisticsWeight
  }

  /// Checks the settings and that the network has batch norm and finite weights.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers` and
  ///   `NetworkError.notFinite`.
  public func check(_ network: Network) throws {
    try checkSettings()
    try network.checkTeacher()
  }

  func checkSettings() throws {
    func demand(_ weight: Float, _ what: String) throws {
      guard weight.isFinite, weight >= 0 else {
        throw SynthesisError.badConfiguration(what: "\(what) of at least 0", found: "\(weight)")
      }
    }
    try demand(labelWeight, "a label weight")
    try demand(statisticsWeight, "a BN statistics weight")
    try labels.check()
  }

  /// The method with labels that are prepared by ``LabelStrategy/prepared(for:seed:context:)``.
  ///
  /// - Throws: What the strategy throws.
  public func prepared(
    for network: Network, configuration: Synthesizer.Configuration, context: ExecutionContext
  ) throws -> SoftLabelMethod {
    guard labelWeight != 0 else { return self }
    func prepared<Strategy: LabelStrategy>(_ strategy: Strategy) throws -> any LabelStrategy {
      try strategy.prepared(for: network, seed: configuration.seed, context: context)
    }
    var result = self
    result.labels = try prepared(labels)
    return result
  }

  /// Draws the labels of a batch.
  public func targets(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> StatisticsTargets {
    let strategy: any LabelStrategy = labelWeight == 0 ? Unlabelled() : labels
    return StatisticsTargets(
      statistics: try batch.network.batchNormStatistics(
        comparison: statistics, weight: statisticsWeight),
      labels: try strategy.targets(
        count: batch.count, network: batch.network, stream: &stream),
      labelWeight: labelWeight)
  }

  /// The cross entropy with the labels as they are now, and the losses on statistics.
  public func objectives(
    step: Int, targets: StatisticsTargets, batch: SynthesisBatch
  ) throws -> SynthesisObjectives {
    SynthesisObjectives(
      images: targets.labels.labels.map {
        [CrossEntropy(labels: $0, node: batch.network.graph.output, weight: labelWeight)]
      } ?? [], moments: targets.statistics)
  }
}

extension SoftLabelMethod: Hashable {
  /// Compares the settings.
  public static func == (first: SoftLabelMethod, second: SoftLabelMethod) -> Bool {
    AnyHashable(first.labels) == AnyHashable(second.labels)
      && first.labelWeight == second.labelWeight && first.statistics == second.statistics
      && first.statisticsWeight == second.statisticsWeight
  }

  /// Hashes the settings.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(AnyHashable(labels))
    hasher.combine(labelWeight)
    hasher.combine(statistics)
    hasher.combine(statisticsWeight)
  }
}

extension SoftLabelMethod: Codable {
  private enum Key: CodingKey { case labels, labelWeight, statistics, statisticsWeight }

  /// Reads the settings; for label strategies of your own see ``LabelStrategyTypes``.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    self.init(
      labels: try values.decode(CodedLabelStrategy.self, forKey: .labels).strategy,
      labelWeight: try values.decode(Float.self, forKey: .labelWeight),
      statistics: try values.decode(BatchNormStatistics.Comparison.self, forKey: .statistics),
      statisticsWeight: try values.decode(Float.self, forKey: .statisticsWeight))
  }

  /// Writes the settings, the label strategy with its kind.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(CodedLabelStrategy(labels), forKey: .labels)
    try values.encode(labelWeight, forKey: .labelWeight)
    try values.encode(statistics, forKey: .statistics)
    try values.encode(statisticsWeight, forKey: .statisticsWeight)
  }
}
