import DFQEngine
import DFQGraph
import DFQTensor

extension GeneratorSource {
  /// What the warm-up reports after a step.
  public struct Progress: Sendable {
    /// The steps done.
    public var step: Int
    /// The steps of the whole warm-up.
    public var steps: Int
    /// The terms of the loss times their weights, by name.
    public var losses: [NamedLoss]
    /// The share of the step's images that the teacher sees in the class of the largest share.
    public var accuracy: Double
  }

  /// Trains the generator on the teacher alone until it has taken the steps of the warm-up; does nothing
  /// where it has.
  ///
  /// - Throws: `NetworkError.lossNotFinite`, `CancellationError`, what `progress` throws.
  public mutating func warmUp(progress: ((Progress) throws -> Void)? = nil) throws {
    while stepsDone < configuration.warmUpSteps {
      try Task.checkCancellation()
      var stream = RandomStream(seed: configuration.seed, "generator warm-up", stepsDone)
      let latents = draw(configuration.imagesPerStep, &stream)
      let batch = try generate(latents)
      let loss = try learn(latents, batch, nil)
      try progress?(
        Progress(
          step: stepsDone, steps: configuration.warmUpSteps, losses: loss.losses,
          accuracy: Self.accuracy(loss.logits, batch.labels)))
    }
  }

  /// Generates a stored set with the generator as it is now, after the warm-up where it has not been
  /// done.
  ///
  /// Batch norm sees `imagesPerStep` images at a time, as in training.
  ///
  /// - Throws: What ``warmUp(progress:)`` throws;
  ///   ``SynthesisError/badConfiguration(what:found:)`` for more images than memory could hold.
  public mutating func images(
    progress: ((Progress) throws -> Void)? = nil
  ) throws -> SyntheticImages {
    let (count, size) = (configuration.count, configuration.imagesPerStep)
    _ = try SyntheticImages.batchShape(count, teacher)
    try warmUp(progress: progress)
    var batches: [SyntheticBatch] = []
    for index in 0..<(count + size - 1) / size {
      try Task.checkCancellation()
      var stream = RandomStream(seed: configuration.seed, "generated images", index)
      batches.append(try generate(draw(size, &stream)))
    }
    let images = Tensor.concatenating(batches.map(\.inputs)).rows(0..<count)
    let labels = Tensor.concatenating(batches.map(\.labels)).rows(0..<count)
    let logits = try executors.withTeacher { try $0.logits(ofInputs: images) }
    return SyntheticImages(
      images: images, labels: labels, isEasy: Array(batches.flatMap(\.isEasy).prefix(count)),
      anchors: labels.argmaxOfRows(), difficulty: try Difficulty.of(logits: logits, labels: labels),
      provenance: [
        "arch": teacher.architecture, "configuration": try Fingerprint.json(configuration),
        "execution": Fingerprint.execution(context), "method": type(of: method).kind,
        "seed": "\(configuration.seed)", "steps": "\(stepsDone)",
        "teacher": Fingerprint.digest(teacher.parameters.values),
      ])
  }

  /// The share of rows of logits whose largest element is where that of the labels is.
  static func accuracy(_ logits: Tensor, _ labels: Tensor) -> Double {
    let hits = zip(logits.argmaxOfRows(), labels.argmaxOfRows()).filter { $0 == $1 }.count
    return Double(hits) / Double(max(logits.rowCount, 1))
  }
}
