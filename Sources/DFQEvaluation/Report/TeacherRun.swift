import DFQEngine
public import DFQFiles
public import DFQGraph
import DFQQuantization
public import DFQTensor

/// What a full-precision network tells of images; make it once to compare several students.
public struct TeacherRun: Sendable {
  /// The predicted class of each image.
  public let predictions: [Int]
  /// The entropy of each prediction, in nats.
  public let entropies: [Double]
  /// The logits, N C; empty where only predictions are known.
  public let logits: [Float]

  /// What a run told before, for example one that was stored.
  ///
  /// - Throws: ``QuantizationError/bitsCount(what:expected:found:)`` for another number of entropies
  ///   than predictions, or logits that are not as many for each image.
  public init(predictions: [Int], entropies: [Double], logits: [Float] = []) throws {
    guard predictions.count == entropies.count else {
      throw QuantizationError.bitsCount(
        what: "entropies", expected: predictions.count, found: entropies.count)
    }
    guard logits.isEmpty || logits.count.isMultiple(of: max(predictions.count, 1)) else {
      throw QuantizationError.bitsCount(
        what: "logits", expected: predictions.count, found: logits.count)
    }
    self.predictions = predictions
    self.entropies = entropies
    self.logits = logits
  }

  /// Runs the network on real images.
  ///
  /// - Throws: ``QuantizationError`` for no images or logits that are not finite, `NetworkError` for
  ///   images of another shape, and what the images throw.
  public init(
    _ teacher: Network, _ images: any RealImages, context: ExecutionContext = .default,
    progress: ((_ done: Int, _ of: Int) throws -> Void)? = nil
  ) throws {
    let executor = FloatExecutor(teacher, context: context)
    try self.init(count: images.count) { range in
      let logits = try executor.logits(of: images, range: range)
      try progress?(range.upperBound, images.count)
      return logits
    }
  }

  /// Runs the network on normalized inputs N H W C, such as synthetic images.
  ///
  /// - Throws: ``QuantizationError`` for no inputs or logits that are not finite, `NetworkError` for
  ///   inputs of another shape.
  public init(_ teacher: Network, inputs: Tensor, context: ExecutionContext = .default) throws {
    let executor = FloatExecutor(teacher, context: context)
    try self.init(count: inputs.rowCount) { try executor.logits(ofInputs: inputs.rows($0)) }
  }

  private init(count: Int, _ compute: (Range<Int>) throws -> Tensor) throws {
    guard count > 0 else { throw QuantizationError.noImages(what: "evaluation") }
    var (predictions, entropies, all) = ([Int](), [Double](), [Float]())
    let batch = 1024
    for start in stride(from: 0, to: count, by: batch) {
      try Task.checkCancellation()
      let logits = try compute(start..<min(start + batch, count))
      try logits.checkFinite("full-precision network")
      predictions += logits.argmaxOfRows()
      entropies += (0..<logits.rowCount).map { Softmax(logits.row($0).elements).entropy }
      all += logits.elements
    }
    self.predictions = predictions
    self.entropies = entropies
    logits = all
  }

  /// The divergence of each row of logits N C from this run's, in nats; empty where this run's logits
  /// are not known.
  func divergences(of other: [Float]) -> [Double] {
    guard !logits.isEmpty, logits.count == other.count else { return [] }
    return Divergence.between(other, and: logits, classes: logits.count / predictions.count)
  }
}

/// What a full-precision network does on a set of real images.
public struct NetworkReport: Sendable, Codable {
  /// The data set's name.
  public var dataset: String
  /// The number of images.
  public var imageCount: Int
  /// The share of images classified as labelled.
  public var accuracy: Double
  /// Half the width of the accuracy's 95 % interval (normal approximation over images).
  public var accuracyInterval: Double
}

extension Network {
  /// Evaluates the network, in floating point, on real images.
  ///
  /// - Throws: ``QuantizationError`` for no images, other classes or logits that are not finite,
  ///   `NetworkError` for images of another shape, and what the images throw.
  public func evaluate(
    on images: any RealImages, context: ExecutionContext = .default,
    progress: ((_ done: Int, _ of: Int) throws -> Void)? = nil
  ) throws -> NetworkReport {
    guard images.classCount == classCount else {
      throw QuantizationError.classCount(expected: classCount, found: images.classCount)
    }
    let run = try TeacherRun(self, images, context: context, progress: progress)
    let hits = Judge.hits(run.predictions, images.labels)
    return NetworkReport(
      dataset: images.name, imageCount: images.count, accuracy: Statistics.mean(hits),
      accuracyInterval: Statistics.interval(hits))
  }
}
