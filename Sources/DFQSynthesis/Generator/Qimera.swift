public import DFQEngine
public import DFQGraph
public import DFQTensor

/// GDFQ's generator with superposed latent embeddings, whose images lie between classes: Qimera (Choi et
/// al., "Qimera: Data-free Quantization with Synthetic Boundary Supporting Samples", NeurIPS 2021).
///
/// A class's latent vector is its embedding plus noise, normalized; a superposed one is the mean of
/// several classes' weighted by the softmax of normal numbers, and the image's label has the same
/// weights. Everything else is as in ``GDFQ``.
public struct Qimera: GeneratorMethod {
  /// The method's name in recipes and files.
  public static let kind = "qimera"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "GDFQ's generator with superposed embeddings: images between random classes.", cost: 2.1,
    reference: .init(
      "Choi et al.",
      "Qimera: Data-free Quantization with Synthetic Boundary Supporting Samples", "NeurIPS", 2021),
    formula:
      "latent = sum_k s_k N(e_{y_k} + z_k), label = sum_k s_k onehot(y_k), s = softmax(N(0,1)^K)",
    page: "Qimera", notes: ["The released scripts run without the paper's mapping."])

  /// The released scripts for CIFAR-10 and CIFAR-100 at 4 bits, which run without the mapping.
  public static var variants: [String: Qimera] {
    [
      "officialCode": Qimera(embedding: .random, mapping: nil),
      "officialCodeCIFAR100": Qimera(mixedClasses: 10, mapping: nil),
    ]
  }

  /// How embeddings begin.
  public enum Embedding: String, Sendable, Codable, CaseIterable {
    /// As the rows of the teacher's classifier, in which similar classes are near each other.
    case classifier
    /// As standard normal numbers.
    case random
  }

  /// Where superposed images are.
  public enum Mixing: String, Sendable, Codable, CaseIterable {
    /// A share of the steps has superposed images only, as in the published code.
    case steps
    /// A share of every batch is superposed.
    case images
  }

  /// The share of superposed images, 0...1: p.
  public var mixedShare: Float
  /// The classes of a superposed image, drawn with replacement: K.
  public var mixedClasses: Int
  /// Where superposed images are.
  public var mixing: Mixing
  /// How embeddings begin.
  public var embedding: Embedding
  /// The width of the disentanglement mapping, a linear layer in front of the generator; nil for none.
  public var mapping: Int?
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float

  /// Makes the method; the defaults are those for CIFAR-10, with the paper's mapping and embeddings.
  public init(
    mixedShare: Float = 0.4, mixedClasses: Int = 2, mixing: Mixing = .steps,
    embedding: Embedding = .classifier, mapping: Int? = 100, statisticsWeight: Float = 0.1
  ) {
    self.mixedShare = mixedShare
    self.mixedClasses = mixedClasses
    self.mixing = mixing
    self.embedding = embedding
    self.mapping = mapping
    self.statisticsWeight = statisticsWeight
  }

  /// Checks the settings and that the network has batch norm and a classifier.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers`.
  public func check(_ teacher: Network) throws {
    func demand(_ holds: Bool, _ what: String, _ found: String) throws {
      if !holds { throw SynthesisError.badConfiguration(what: what, found: found) }
    }
    try demand((0...1).contains(mixedShare), "a mixed share in 0...1", "\(mixedShare)")
    try demand((1...1024).contains(mixedClasses), "1 to 1024 mixed classes", "\(mixedClasses)")
    try demand(
      mapping.map { (1...1 << 16).contains($0) } ?? true, "a mapping of 1 to 65536 outputs",
      "\(mapping ?? 0)")
    try Self.demand(statisticsWeight, "a BN statistics weight")
    try teacher.checkTeacher()
    _ = try teacher.classifier()
  }

  /// The classifier's rows, or standard normal numbers of the same length.
  public func embedding(for teacher: Network, seed: UInt64) throws -> Tensor {
    let weight = try teacher.classifier().weight
    let (length, classes) = (weight.shape[0], weight.shape[1])
    guard embedding == .classifier else {
      return try Self.randomEmbedding(classes: classes, length: length, seed: seed)
    }
    var rows = Tensor(shape: [classes, length])
    for place in 0..<length {
      for label in 0..<classes { rows[label * length + place] = weight[place * classes + label] }
    }
    return rows
  }

  /// Draws single and superposed images, superposed ones first.
  public func draw(
    count: Int, classCount: Int, length: Int, stream: inout RandomStream
  ) -> LatentBatch {
    let mixed: Int
    switch mixing {
    case .steps: mixed = stream.uniform() < mixedShare ? count : 0
    case .images: mixed = Int((mixedShare * Float(count)).rounded())
    }
    var classes: [[Int]] = []
    var shares: [[Float]] = []
    for image in 0..<count {
      let slots = image < mixed ? mixedClasses : 1
      classes.append((0..<slots).map { _ in stream.integer(below: classCount) })
      shares.append(slots == 1 ? [1] : Softmax.shares(of: stream.normals(slots)))
    }
    let slots = classes.reduce(0) { $0 + $1.count }
    return LatentBatch(
      classes: classes, shares: shares,
      noise: Tensor(shape: [slots, length], elements: stream.normals(slots * length)))
  }

  /// The sum of an image's normalized slots times their shares.
  public func latents(_ batch: LatentBatch, embedding: Tensor) -> Tensor {
    SlotNormalization(batch, embedding: embedding).mixed(batch)
  }

  /// Back through sum and normalization, added up by class.
  public func embeddingGradient(
    _ gradient: Tensor, _ batch: LatentBatch, embedding: Tensor
  ) -> Tensor {
    SlotNormalization(batch, embedding: embedding).gradient(gradient, batch, embedding.shape)
  }
}
