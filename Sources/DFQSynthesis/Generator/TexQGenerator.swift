public import DFQEngine
public import DFQGraph
public import DFQTensor

/// GDFQ's generator with images that keep to the statistics of a calibration image of their class: TexQ's
/// second stage (Chen et al., "TexQ: Zero-shot Network Quantization with Texture Feature Distribution
/// Calibration", NeurIPS 2023).
///
/// Before its first step the method makes calibration images by ``TexQ`` and takes their moments
/// (``CalibrationCentres``). Its loss is the cross entropy, the loss on batch-norm statistics and
/// the distance of each image's moments to those of its class. The third stage, distillation on mixed
/// images, is `Mixup` in training.
public struct TexQGenerator: GeneratorMethod {
  /// The method's name in recipes and files.
  public static let kind = "texq generator"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "GDFQ's generator with images that keep to the statistics of a calibration image of their class.",
    cost: 2.1,
    reference: .init(
      "Chen et al.",
      "TexQ: Zero-shot Network Quantization with Texture Feature Distribution Calibration",
      "NeurIPS",
      2023),
    formula: "L_G = CE(P(G(z, y)), y) + BN statistics + |moments of G(z, y) - those of class y|^2",
    page: "TexQ",
    notes: [
      "Reconstructed: the official repository is empty.",
      "Calibration images are made once before the first step, and again where a run is resumed.",
    ])

  /// The elements of a latent vector.
  public var noiseLength: Int
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float
  /// The factor of the distance to the class's centre.
  public var centreWeight: Float
  /// How calibration images are made.
  public var calibration: TexQ
  /// The number of calibration images of each class.
  public var calibrationImages: Int
  /// The steps that calibration images are made in, of a rate of 0.5.
  public var calibrationSteps: Int
  /// The centres, once they are made; they follow from the settings, the seed and the network.
  private(set) var centres: CalibrationCentres?

  // Without the centres.
  private enum CodingKeys: String, CodingKey {
    case noiseLength, statisticsWeight, centreWeight, calibration, calibrationImages
    case calibrationSteps
  }

  /// Makes the method; none of the defaults is published.
  public init(
    noiseLength: Int = 100, statisticsWeight: Float = 0.1, centreWeight: Float = 0.1,
    calibration: TexQ = .cifar, calibrationImages: Int = 1, calibrationSteps: Int = 250
  ) {
    self.noiseLength = noiseLength
    self.statisticsWeight = statisticsWeight
    self.centreWeight = centreWeight
    self.calibration = calibration
    self.calibrationImages = calibrationImages
    self.calibrationSteps = calibrationSteps
  }

  private var gdfq: GDFQ { GDFQ(noiseLength: noiseLength, statisticsWeight: statisticsWeight) }

  /// Checks the settings and that the network has batch norm.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers`.
  public func check(_ teacher: Network) throws {
    try Self.demand(centreWeight, "a weight of centres")
    for (value, what) in [
      (calibrationImages, "1 to 10000 calibration images of a class"),
      (calibrationSteps, "1 to 10000 steps for calibration images"),
    ] where !(1...10_000).contains(value) {
      throw SynthesisError.badConfiguration(what: what, found: "\(value)")
    }
    try gdfq.check(teacher)
    try calibration.check(teacher)
  }

  /// The method with centres: it makes calibration images.
  ///
  /// - Throws: What synthesis throws.
  public func prepared(
    for teacher: Network, seed: UInt64, context: ExecutionContext
  ) throws -> TexQGenerator {
    let count = teacher.classCount * calibrationImages
    let images = try Synthesizer(
      teacher: teacher, method: calibration,
      configuration: TexQ.run(
        like: .init(
          count: count, imagesPerBatch: min(count, 256), steps: calibrationSteps,
          learningRate: 0.5, seed: seed)), context: context
    ).synthesize()
    var result = self
    result.centres = try CalibrationCentres(of: images, in: teacher, context: context)
    return result
  }

  /// Standard normal embeddings.
  public func embedding(for teacher: Network, seed: UInt64) throws -> Tensor {
    try gdfq.embedding(for: teacher, seed: seed)
  }

  /// Draws a class and noise for every image.
  public func draw(
    count: Int, classCount: Int, length: Int, stream: inout RandomStream
  ) -> LatentBatch {
    gdfq.draw(count: count, classCount: classCount, length: length, stream: &stream)
  }

  /// The embedding of each image's class times its noise.
  public func latents(_ batch: LatentBatch, embedding: Tensor) -> Tensor {
    gdfq.latents(batch, embedding: embedding)
  }

  /// The noise times the gradient, added up by class.
  public func embeddingGradient(
    _ gradient: Tensor, _ batch: LatentBatch, embedding: Tensor
  ) -> Tensor {
    gdfq.embeddingGradient(gradient, batch, embedding: embedding)
  }

  /// The loss at the images; without centres, which ``prepared(for:seed:context:)`` makes, that of
  /// ``GDFQ``.
  public func loss(
    _ batch: SyntheticBatch, teacher: FloatExecutor, feedback: SourceFeedback?
  ) throws -> GeneratorLoss {
    let centres = try centres?.objectives(
      for: teacher.network, classes: batch.labels.argmaxOfRows(), weight: centreWeight)
    return try teacherLoss(batch, teacher: teacher, additional: centres ?? [])
  }
}
