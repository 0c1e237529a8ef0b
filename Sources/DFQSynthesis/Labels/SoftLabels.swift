public import DFQEngine
public import DFQGraph
public import DFQTensor

/// One-hot labels for easy images, and labels whose mass lies on a group of similar classes for hard
/// ones (Hong et al., "Diversity, Plausibility, and Difficulty: Dynamic Data-Free Quantization",
/// 2023, section 3; group sizes and temperatures are reconstructed).
public struct SoftLabels: LabelStrategy {
  /// The strategy's name in files.
  public static let kind = "groups"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "One-hot labels for easy images; hard ones share their mass over a group of similar classes.",
    reference: .init(
      "Hong et al.", "Difficulty, Plausibility, and Diversity: Dynamic Data-Free Quantization",
      "WACV", 2025),
    formula: "label = softmax(N(0,1)^size / T) over the anchor's group, T uniform in temperatures")

  /// Which classes share a hard image's mass with its anchor.
  public enum Group: String, Sendable, Codable, CaseIterable {
    /// The classes most similar to the anchor: plausible difficulty.
    case mostSimilar
    /// Classes drawn at random.
    case random
    /// The classes least similar to the anchor.
    case leastSimilar
    /// Half most similar, half drawn at random from the rest.
    case mixed
    /// All classes.
    case all
  }

  /// Which classes share a hard image's mass.
  public var group: Group
  /// The number of classes in a group, the anchor included; nil takes 3 for up to 10 classes, 5 for
  /// up to 100, else 10.
  public var groupSize: Int?
  /// The lowest and highest temperature of a hard label's softmax.
  ///
  /// Low temperatures give nearly one-hot labels.
  public var temperatures: ClosedRange<Float>
  /// The share of easy images.
  public var easyShare: Float
  /// How class vectors are compared.
  public var similarity: ClassSimilarity.Measure

  /// Makes the strategy.
  public init(
    group: Group = .mostSimilar, groupSize: Int? = nil,
    temperatures: ClosedRange<Float> = 0.3...1.5, easyShare: Float = 0.5,
    similarity: ClassSimilarity.Measure = .dotProduct
  ) {
    self.group = group
    self.groupSize = groupSize
    self.temperatures = temperatures
    self.easyShare = easyShare
    self.similarity = similarity
  }

  /// Draws labels for `count` images.
  public func labels(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> LabelBatch {
    try check()
    let classes = network.classCount
    let similarity = try ClassSimilarity(network, measure: similarity)
    let anchors = stream.balancedClasses(count, of: classes)
    // Easy images are drawn over the whole batch, so that every class has easy and hard ones.
    let easy = Set(stream.permutation(count).prefix(Int((Float(count) * easyShare).rounded())))
    var batch = LabelBatch(
      labels: Tensor(shape: [count, classes]), isEasy: (0..<count).map { easy.contains($0) },
      anchors: anchors, supports: [])
    for (image, anchor) in anchors.enumerated() {
      let support = easy.contains(image) ? [anchor] : members(anchor, similarity, &stream)
      batch.supports.append(support)
      let temperature = stream.uniform(temperatures.lowerBound, temperatures.upperBound)
      let logits = stream.normals(support.count)
      let mass = Softmax(logits, temperature: Double(temperature)).probabilities
      for (place, member) in support.enumerated() {
        batch.labels[image * classes + member] = Float(mass[place])
      }
    }
    return batch
  }

  /// The group of an anchor, the anchor first.
  func members(
    _ anchor: Int, _ similarity: ClassSimilarity, _ stream: inout RandomStream
  ) -> [Int] {
    let classes = similarity.classCount
    let size = min(groupSize ?? (classes <= 10 ? 3 : classes <= 100 ? 5 : 10), classes)
    let ordered = similarity.nearest(to: anchor)
    func drawn(_ pool: [Int], _ count: Int) -> [Int] {
      stream.permutation(pool.count).prefix(count).map { pool[$0] }
    }
    switch group {
    case .mostSimilar: return [anchor] + ordered.prefix(size - 1)
    case .leastSimilar: return [anchor] + ordered.suffix(size - 1)
    case .random: return [anchor] + drawn(ordered, size - 1)
    case .mixed:
      let near = (size - 1 + 1) / 2
      return [anchor] + ordered.prefix(near)
        + drawn(Array(ordered.dropFirst(near)), size - 1 - near)
    case .all: return [anchor] + ordered
    }
  }

  /// Checks the settings.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``.
  public func check() throws {
    guard (groupSize ?? 1) >= 1 else {
      throw SynthesisError.badConfiguration(
        what: "groups of at least 1 class", found: "\(groupSize ?? 0)")
    }
    guard temperatures.lowerBound > 0, temperatures.upperBound.isFinite else {
      throw SynthesisError.badConfiguration(what: "temperatures above 0", found: "\(temperatures)")
    }
    guard (0...1).contains(easyShare) else {
      throw SynthesisError.badConfiguration(
        what: "a share of easy images in 0...1", found: "\(easyShare)")
    }
  }
}
