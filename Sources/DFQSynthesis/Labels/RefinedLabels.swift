public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Labels that learn: random labels are refined by the teacher's own classifier and trained with the
/// images until their entropies are spread (Hong et al., WACV 2025, overview figure; what it leaves
/// open is reconstructed).
///
/// While images are synthesized the labels learn; ``labels(count:network:stream:)`` gives them as
/// they start.
public struct RefinedLabels: LabelStrategy {
  /// The strategy's name in files.
  public static let kind = "refined"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "Random labels that learn with the images until their entropies are spread.",
    reference: .init(
      "Hong et al.", "Difficulty, Plausibility, and Diversity: Dynamic Data-Free Quantization",
      "WACV", 2025),
    formula: "CE(P(x), label) + entropyWeight * (sorted entropies - sorted half-normal draws)^2",
    notes: ["Reconstructed from the paper's overview figure."])

  /// The part of a label that learns.
  public enum Mode: String, Sendable, Codable, CaseIterable {
    /// One temperature per image; the random logits z stay. This is how the overview figure is read.
    case temperature
    /// All C logits of an image: the other reading of the figure.
    case logits
  }

  /// How entropies are compared with their half-normal draws.
  public enum EntropyLoss: String, Sendable, Codable, CaseIterable {
    /// The batch's sorted entropies with the sorted draws: the squared 1-D Wasserstein distance.
    case sorted
    /// Each image's entropy with its own draw.
    case plain
  }

  /// The part of a label that learns.
  public var mode: Mode
  /// How entropies are compared with their draws.
  public var entropyLoss: EntropyLoss
  /// The factor of the entropy-diversifying loss.
  public var entropyWeight: Float
  /// The deviation of the half-normal entropies, as a share of log C.
  public var entropyDeviation: Float
  /// Adam's first rate for temperatures or logits; it falls with the rate of the images.
  public var learningRate: Float
  /// Whether the cross entropy moves the labels too, as the figure shows, or only the images.
  public var learnsFromCrossEntropy: Bool
  /// The mean probability the classifier gives a class at its own centroid; sets the centroids'
  /// scale.
  public var centroidConfidence: Float
  /// What is taken for the centroid of a class.
  public var centroids: ClassCentroids

  /// Makes the strategy.
  public init(
    mode: Mode = .temperature, entropyLoss: EntropyLoss = .sorted, entropyWeight: Float = 1,
    entropyDeviation: Float = 0.35, learningRate: Float = 0.05,
    learnsFromCrossEntropy: Bool = true, centroidConfidence: Float = 0.95,
    centroids: ClassCentroids = .classifierRows
  ) {
    self.mode = mode
    self.entropyLoss = entropyLoss
    self.entropyWeight = entropyWeight
    self.entropyDeviation = entropyDeviation
    self.learningRate = learningRate
    self.learnsFromCrossEntropy = learnsFromCrossEntropy
    self.centroidConfidence = centroidConfidence
    self.centroids = centroids
  }

  /// Draws labels for `count` images; their temperatures meet the entropy targets, but nothing has
  /// been trained.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, also where no scale gives the
  ///   centroids their confidence, and `NetworkError.missingLayers` for a network without a linear
  ///   layer.
  public func labels(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> LabelBatch {
    try LabelRefinement(self, count: count, network: network, stream: &stream).labelBatch
  }

  /// Labels that learn with an Adam of their own.
  ///
  /// - Throws: The same as ``labels(count:network:stream:)``.
  public func targets(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> any LabelTargets {
    RefinedLabelTargets(
      try LabelRefinement(self, count: count, network: network, stream: &stream))
  }

  /// The strategy with centroids that are made, where they come from images.
  ///
  /// - Throws: What synthesis throws, and ``SynthesisError/badConfiguration(what:found:)``.
  public func prepared(
    for network: Network, seed: UInt64, context: ExecutionContext
  ) throws -> RefinedLabels {
    var result = self
    result.centroids = try centroids.prepared(for: network, seed: seed, context: context)
    return result
  }

  /// Checks the settings.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``.
  public func check() throws {
    func demand(_ holds: Bool, _ what: String, _ found: Float) throws {
      if !holds { throw SynthesisError.badConfiguration(what: what, found: "\(found)") }
    }
    try demand(
      entropyWeight.isFinite && entropyWeight >= 0, "an entropy weight of at least 0",
      entropyWeight)
    try demand(
      entropyDeviation.isFinite && entropyDeviation > 0, "an entropy deviation above 0",
      entropyDeviation)
    try demand(
      learningRate.isFinite && learningRate >= 0, "a label learning rate of at least 0",
      learningRate)
    try demand(
      centroidConfidence > 0 && centroidConfidence < 1, "a centroid confidence between 0 and 1",
      centroidConfidence)
    try centroids.check()
  }
}

extension RefinedLabels {
  private enum Key: CodingKey {
    case mode, entropyLoss, entropyWeight, entropyDeviation, learningRate, learnsFromCrossEntropy
    case centroidConfidence, centroids
  }

  /// Reads the settings; without centroids they are the classifier's.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    self.init(
      mode: try values.decode(Mode.self, forKey: .mode),
      entropyLoss: try values.decode(EntropyLoss.self, forKey: .entropyLoss),
      entropyWeight: try values.decode(Float.self, forKey: .entropyWeight),
      entropyDeviation: try values.decode(Float.self, forKey: .entropyDeviation),
      learningRate: try values.decode(Float.self, forKey: .learningRate),
      learnsFromCrossEntropy: try values.decode(Bool.self, forKey: .learnsFromCrossEntropy),
      centroidConfidence: try values.decode(Float.self, forKey: .centroidConfidence),
      centroids: try values.decodeIfPresent(ClassCentroids.self, forKey: .centroids)
        ?? .classifierRows)
  }

  /// Writes the settings; the classifier's centroids are not written, as before there were others.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(mode, forKey: .mode)
    try values.encode(entropyLoss, forKey: .entropyLoss)
    try values.encode(entropyWeight, forKey: .entropyWeight)
    try values.encode(entropyDeviation, forKey: .entropyDeviation)
    try values.encode(learningRate, forKey: .learningRate)
    try values.encode(learnsFromCrossEntropy, forKey: .learnsFromCrossEntropy)
    try values.encode(centroidConfidence, forKey: .centroidConfidence)
    if centroids != .classifierRows { try values.encode(centroids, forKey: .centroids) }
  }
}
