public import DFQEngine
public import DFQGraph
public import DFQTensor

/// How a generator that is trained beside the student makes its latent vectors, and what it learns
/// from.
///
/// A method is a value that holds its settings; ``GeneratorSource`` does everything else: the network,
/// the warm-up, Adam, batches, checkpoints. Conform to the protocol in one file to add a method.
///
/// Checkpoints compare methods by their ``kind`` and their encoded settings, so everything that changes
/// the images must be encoded.
///
/// A method of this package also has a `summary`, its published amount of ``work(_:)`` and a line in
/// `MethodCatalogue.generators`.
public protocol GeneratorMethod: CataloguedMethod, Codable, Hashable {
  /// The method's name in recipes and files, such as `gdfq`.
  static var kind: String { get }

  /// The settings of the generator by a preset: the published amount of work and less.
  ///
  /// The default has the amounts of ``GDFQ``.
  static func work(_ preset: WorkPreset) -> GeneratorSource.Configuration

  /// The factor of the loss on batch-norm statistics.
  var statisticsWeight: Float { get }

  /// The width of a linear layer between latent vectors and the generator; nil, the default, for none.
  var mapping: Int? { get }

  /// Checks the settings and whether the network has what the method needs.
  func check(_ teacher: Network) throws

  /// The method with everything that it must compute once from a network, before its first loss; it is
  /// not what checkpoints compare, so that it must follow from the settings, the network and the seed.
  ///
  /// The default is the method as it is.
  func prepared(for teacher: Network, seed: UInt64, context: ExecutionContext) throws -> Self

  /// The classes' embeddings before the first step, C by the length of a latent vector; they learn.
  func embedding(for teacher: Network, seed: UInt64) throws -> Tensor

  /// Draws what a batch is made from; the same stream must give the same.
  func draw(
    count: Int, classCount: Int, length: Int, stream: inout RandomStream
  ) -> LatentBatch

  /// The latent vectors of a batch, N by their length.
  func latents(_ batch: LatentBatch, embedding: Tensor) -> Tensor

  /// dLoss/dEmbedding from dLoss/dLatents, which has the latent vectors' shape.
  func embeddingGradient(
    _ gradient: Tensor, _ batch: LatentBatch, embedding: Tensor
  ) -> Tensor

  /// The generator's loss and its gradient at the images of a batch.
  ///
  /// `feedback` is nil in the warm-up, when there is no student yet. The default is that of GDFQ: cross
  /// entropy of the teacher's logits with the labels, and the loss on batch-norm statistics.
  func loss(
    _ batch: SyntheticBatch, teacher: FloatExecutor, feedback: SourceFeedback?
  ) throws -> GeneratorLoss
}

extension GeneratorMethod {
  /// The amounts of ``GDFQ``.
  public static func work(_ preset: WorkPreset) -> GeneratorSource.Configuration {
    preset.generator
  }

  /// None.
  public var mapping: Int? { nil }

  /// The method as it is.
  public func prepared(
    for teacher: Network, seed: UInt64, context: ExecutionContext
  ) throws -> Self { self }

  /// The loss of GDFQ (Xu et al., 2020, equations 4 to 6).
  public func loss(
    _ batch: SyntheticBatch, teacher: FloatExecutor, feedback: SourceFeedback?
  ) throws -> GeneratorLoss {
    try teacherLoss(batch, teacher: teacher)
  }

  /// The cross entropy with the labels, the loss on batch-norm statistics at a batch of images, and
  /// additional losses on moments, which have one name.
  func teacherLoss(
    _ batch: SyntheticBatch, teacher: FloatExecutor, labelWeight: Float = 1,
    additional: [any MomentObjective] = []
  ) throws -> GeneratorLoss {
    let node = teacher.network.graph.output
    let labels = CrossEntropy(labels: batch.labels, node: node, weight: labelWeight)
    let statistics = try teacher.network.batchNormStatistics(weight: statisticsWeight)
    let result = try teacher.run(
      batch.inputs,
      request: PassRequest(
        imageObjectives: [labels], momentObjectives: statistics + additional,
        imageGradient: true, outputs: [node]))
    func total(_ objectives: [any MomentObjective], _ values: some Sequence<Double>) -> Double {
      zip(objectives, values).reduce(0.0) { $0 + Double($1.0.weight) * $1.1 }
    }
    var losses: [NamedLoss] = [
      (labels.name, Double(labelWeight) * result.imageLosses[0]),
      ("BN statistics", total(statistics, result.momentLosses)),
    ]
    if let first = additional.first {
      losses.append(
        (first.name, total(additional, result.momentLosses.dropFirst(statistics.count))))
    }
    return GeneratorLoss(
      losses: losses, gradient: result.imageGradient ?? Tensor(shape: batch.inputs.shape),
      logits: result.outputs[0])
  }

  /// Checks a factor of a loss.
  static func demand(_ weight: Float, _ what: String) throws {
    guard weight.isFinite, weight >= 0 else {
      throw SynthesisError.badConfiguration(what: "\(what) of at least 0", found: "\(weight)")
    }
  }

  /// Standard normal embeddings, as PyTorch initializes them.
  static func randomEmbedding(
    classes: Int, length: Int, seed: UInt64
  ) throws -> Tensor {
    guard (1...1 << 16).contains(length) else {
      throw SynthesisError.badConfiguration(
        what: "latent vectors of 1 to 65536 elements", found: "\(length)")
    }
    var stream = RandomStream(seed: seed, "generator embedding")
    return Tensor(shape: [classes, length], elements: stream.normals(classes * length))
  }
}

/// A generator's loss at one batch of images.
public struct GeneratorLoss: Sendable {
  /// The terms times their weights, by name.
  public var losses: [NamedLoss]
  /// dLoss/dImages, N H W C.
  public var gradient: Tensor
  /// The teacher's logits, N C.
  public var logits: Tensor

  /// Makes a loss.
  public init(losses: [NamedLoss], gradient: Tensor, logits: Tensor) {
    self.losses = losses
    self.gradient = gradient
    self.logits = logits
  }

  /// The sum of the terms.
  public var total: Double { losses.reduce(0) { $0 + $1.value } }
}
