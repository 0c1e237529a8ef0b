public import DFQEngine
public import DFQGraph
public import DFQTensor

/// A generator that imitates the teacher's batch-norm statistics and obeys class labels: GDFQ (Xu et
/// al., "Generative Low-bitwidth Data Free Quantization", ECCV 2020).
///
/// A latent vector is the product, element by element, of a class's learned embedding and standard
/// normal noise. The generator's loss is the cross entropy of the teacher's logits with the drawn class
/// plus 0.1 times the loss on batch-norm statistics of the batch.
public struct GDFQ: GeneratorMethod {
  /// The method's name in recipes and files.
  public static let kind = "gdfq"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "A generator of class-conditional images that learns beside the student.", cost: 2.1,
    reference: .init(
      "Xu et al.", "Generative Low-bitwidth Data Free Quantization", "ECCV", 2020),
    formula: "L_G = CE(P(G(e_y * z)), y) + statisticsWeight * BN statistics", page: "GDFQ",
    notes: [
      "Preset full has the published width and batch, twice those of reduced: a step then costs 7.",
      "Images of one class are easy and would be mixed; the paper has no mixup.",
    ])

  /// The elements of a latent vector.
  public var noiseLength: Int
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float

  /// Makes the method; the defaults are those of the published code.
  public init(noiseLength: Int = 100, statisticsWeight: Float = 0.1) {
    self.noiseLength = noiseLength
    self.statisticsWeight = statisticsWeight
  }

  /// Checks the settings and that the network has batch norm.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers`.
  public func check(_ teacher: Network) throws {
    try Self.demand(statisticsWeight, "a BN statistics weight")
    try teacher.checkTeacher()
  }

  /// Standard normal embeddings.
  public func embedding(for teacher: Network, seed: UInt64) throws -> Tensor {
    try Self.randomEmbedding(classes: teacher.classCount, length: noiseLength, seed: seed)
  }

  /// Draws a class and noise for every image.
  public func draw(
    count: Int, classCount: Int, length: Int, stream: inout RandomStream
  ) -> LatentBatch {
    LatentBatch(count: count, classCount: classCount, length: length, stream: &stream)
  }

  /// The embedding of each image's class times its noise.
  public func latents(_ batch: LatentBatch, embedding: Tensor) -> Tensor {
    var latents = batch.noise
    let length = embedding.shape[1]
    for image in 0..<batch.count {
      let row = batch.classes[image][0] * length
      for place in 0..<length { latents[image * length + place] *= embedding[row + place] }
    }
    return latents
  }

  /// The noise times the gradient, added up by class.
  public func embeddingGradient(
    _ gradient: Tensor, _ batch: LatentBatch, embedding: Tensor
  ) -> Tensor {
    var result = Tensor(shape: embedding.shape)
    let length = embedding.shape[1]
    for image in 0..<batch.count {
      let row = batch.classes[image][0] * length
      for place in 0..<length {
        let index = image * length + place
        result[row + place] += gradient[index] * batch.noise[index]
      }
    }
    return result
  }
}
