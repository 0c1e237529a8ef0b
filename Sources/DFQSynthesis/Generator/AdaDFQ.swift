public import DFQEngine
public import DFQGraph
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// GDFQ's generator with the student in its loss, so that images keep to a margin between what teacher and
/// student agree on and what they do not: AdaSG (Qian et al., "Rethinking Data-Free Quantization as a Zero-Sum
/// Game", AAAI 2023) and AdaDFQ (Qian et al., "Adaptive Data-Free Quantization", CVPR 2023).
///
/// With the logits z_P and z_Q of teacher and student, z_P - z_Q is their disagreement and z_P + z_Q their
/// agreement. The loss is the cross entropy of both with the drawn class, a hinge that keeps the normalized
/// entropy of the disagreement between two bounds, and the loss on batch-norm statistics. The warm-up, in
/// which there is no student, has the loss of GDFQ with the same factor of statistics.
public struct AdaDFQ: GeneratorMethod {
  /// The method's name in recipes and files.
  public static let kind = "adadfq"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "GDFQ's generator with gradients from teacher and student: between agreement and disagreement.",
    cost: 3.1,
    reference: .init("Qian et al.", "Adaptive Data-Free Quantization", "CVPR", 2023),
    formula:
      "L_G = margins on the entropy of P - Q + a_ds CE(P - Q, y) + a_as CE(P + Q, y) + BN statistics",
    page: "AdaDFQ", notes: ["Its forerunner AdaSG (AAAI 2023) is the variant adaSG."])

  /// AdaSG.
  public static var variants: [String: AdaDFQ] { ["adaSG": .adaSG] }

  /// The amounts of ``GDFQ``; the published batches have 16 images.
  public static func work(_ preset: WorkPreset) -> GeneratorSource.Configuration {
    var work = preset.generator
    if preset == .full { work.imagesPerStep = 16 }
    return work
  }

  /// The elements of a latent vector.
  public var noiseLength: Int
  /// The factor of the cross entropy of the disagreement with the class.
  public var disagreementWeight: Float
  /// The factor of the cross entropy of the agreement with the class.
  public var agreementWeight: Float
  /// The entropy of the disagreement, 0...1, below which an image is too far from agreement.
  public var lowerMargin: Float
  /// The entropy of the disagreement, 0...1, above which an image is too near to agreement.
  public var upperMargin: Float
  /// The factor of the loss on batch-norm statistics.
  public var statisticsWeight: Float

  /// Makes the method; the defaults are AdaDFQ's for CIFAR.
  public init(
    noiseLength: Int = 100, disagreementWeight: Float = 0.2, agreementWeight: Float = 0.1,
    lowerMargin: Float = 0.1, upperMargin: Float = 0.8, statisticsWeight: Float = 1
  ) {
    self.noiseLength = noiseLength
    self.disagreementWeight = disagreementWeight
    self.agreementWeight = agreementWeight
    self.lowerMargin = lowerMargin
    self.upperMargin = upperMargin
    self.statisticsWeight = statisticsWeight
  }

  /// The settings of AdaSG.
  public static var adaSG: AdaDFQ { AdaDFQ(disagreementWeight: 0.1, lowerMargin: 0.3) }

  private var gdfq: GDFQ { GDFQ(noiseLength: noiseLength, statisticsWeight: statisticsWeight) }

  /// Checks the settings and that the network has batch norm.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers`.
  public func check(_ teacher: Network) throws {
    try Self.demand(disagreementWeight, "a weight of the disagreement")
    try Self.demand(agreementWeight, "a weight of the agreement")
    guard 0 <= lowerMargin, lowerMargin <= upperMargin, upperMargin <= 1 else {
      throw SynthesisError.badConfiguration(
        what: "margins in 0...1, the lower one first", found: "\(lowerMargin), \(upperMargin)")
    }
    guard teacher.classCount > 1 else {
      throw SynthesisError.badConfiguration(
        what: "at least 2 classes", found: "\(teacher.classCount)")
    }
    try gdfq.check(teacher)
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

  /// The loss at the images; the gradient comes through teacher and student.
  public func loss(
    _ batch: SyntheticBatch, teacher: FloatExecutor, feedback: SourceFeedback?
  ) throws -> GeneratorLoss {
    guard let feedback else { return try teacherLoss(batch, teacher: teacher) }
    let node = teacher.network.graph.output
    let logits = try teacher.logits(ofInputs: batch.inputs)
    let student = try feedback.student(batch.inputs).outputs[0]
    let disagreement = evaluate(logits, student, labels: batch.labels)
    let statistics = try teacher.network.batchNormStatistics(weight: statisticsWeight)
    let first = try teacher.run(
      batch.inputs,
      request: PassRequest(
        imageObjectives: [GivenGradient(gradient: disagreement.teacher, node: node)],
        momentObjectives: statistics, imageGradient: true))
    let second = try feedback.student(
      batch.inputs, objectives: [GivenGradient(gradient: disagreement.student, node: node)])
    var gradient = first.imageGradient ?? Tensor(shape: batch.inputs.shape)
    if let other = second.imageGradient {
      for place in 0..<gradient.count { gradient[place] += other[place] }
    }
    let moments = zip(statistics, first.momentLosses).reduce(0.0) {
      $0 + Double($1.0.weight) * $1.1
    }
    return GeneratorLoss(
      losses: disagreement.losses + [("BN statistics", moments)], gradient: gradient,
      logits: logits)
  }

  /// The losses on logits N C and their gradients at those of the teacher and of the student.
  package func evaluate(
    _ teacher: Tensor, _ student: Tensor, labels: Tensor
  ) -> (losses: [NamedLoss], teacher: Tensor, student: Tensor) {
    let (count, classes) = (teacher.rowCount, teacher.shape[1])
    let largest = log(Double(classes))
    var (differences, sums) = ([Softmax](), [Softmax]())
    for row in 0..<count {
      let range = row * classes..<(row + 1) * classes
      let pairs = zip(teacher.elements[range], student.elements[range])
      differences.append(Softmax(pairs.map { $0 - $1 }))
      sums.append(Softmax(pairs.map { $0 + $1 }))
    }
    let entropies = differences.map(\.entropy)
    let place = entropies.indices.min { entropies[$0] < entropies[$1] } ?? 0
    let least = entropies.isEmpty ? 0 : entropies[place]
    let span = max(largest - least, 1e-12)
    var (margin, entropy) = (0.0, 0.0)
    // dLoss/dEntropy of each image; that with the least entropy has a part of everyone's.
    var slopes = [Double](repeating: 0, count: count)
    for row in 0..<count {
      let h = (entropies[row] - least) / span
      margin += max(Double(lowerMargin) - h, 0) + max(h - Double(upperMargin), 0)
      let slope = (h > Double(upperMargin) ? 1.0 : 0) - (h < Double(lowerMargin) ? 1.0 : 0)
      slopes[row] += slope / span
      slopes[place] += slope * (entropies[row] - largest) / (span * span)
    }
    var (atTeacher, atStudent) = (Tensor(shape: teacher.shape), Tensor(shape: teacher.shape))
    for row in 0..<count {
      let (ds, sum) = (differences[row], sums[row])
      for c in 0..<classes {
        let index = row * classes + c
        let label = Double(labels[index])
        entropy -= label * Double(disagreementWeight) * ds.logProbabilities[c]
        entropy -= label * Double(agreementWeight) * sum.logProbabilities[c]
        let p = exp(ds.logProbabilities[c])
        // dH/dz = -p (log p + H).
        let h = p > 0 ? -p * (ds.logProbabilities[c] + entropies[row]) : 0
        let gd = Double(disagreementWeight) * (p - label) + slopes[row] * h
        let ga = Double(agreementWeight) * (exp(sum.logProbabilities[c]) - label)
        atTeacher[index] = Float((ga + gd) / Double(count))
        atStudent[index] = Float((ga - gd) / Double(count))
      }
    }
    return (
      [("margin", margin / Double(count)), ("cross entropy", entropy / Double(count))],
      atTeacher, atStudent
    )
  }
}
