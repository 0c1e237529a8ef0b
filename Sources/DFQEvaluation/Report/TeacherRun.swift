import DFQEngine
public import DFQFiles
public import DFQGraph
import DFQQuantization
public import DFQTensor

/// What a full-precision network tells of real images; make it once to compare several students.
public struct TeacherRun: Sendable {
  /// The predicted class of each image.
  public let predictions: [Int]
  /// The entropy of each prediction, in nats.
  public let entropies: [Double]

  /// What a run told before, for example one that was stored.
  ///
  /// - Throws: ``QuantizationError/bitsCount(what:expected:found:)`` for another number of entropies
  ///   than predictions.
  public init(predictions: [Int], entropies: [Double]) throws {
    guard predictions.count == entropies.count else {
      throw QuantizationError.bitsCount(
        what: "entropies", expected: predictions.count, found: entropies.count)
    }
    self.predictions = predictions
    self.entropies = entropies
  }

  /// Runs the network on real images.
  ///
  /// - Throws: ``QuantizationError`` for no images or logits that are not finite, `NetworkError` for
  ///   images of another shape, and what the images throw.
  public init(
    _ teacher: Network, _ images: any RealImages, context: ExecutionContext = .default,
    progress: ((_ done: Int, _ of: Int) throws -> Void)? = nil
  ) throws {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "evaluation") }
    let executor = FloatExecutor(teacher, context: context)
    let classes = teacher.classCount
    var predictions: [Int] = []
    var entropies: [Double] = []
    let batch = 1024
    for start in stride(from: 0, to: images.count, by: batch) {
      try Task.checkCancellation()
      let range = start..<min(start + batch, images.count)
      let logits = try executor.logits(of: images, range: range)
      try logits.checkFinite("full-precision network")
      predictions += logits.argmaxOfRows()
      entropies += (0..<logits.rowCount).map {
        Softmax(logits.elements[$0 * classes..<($0 + 1) * classes]).entropy
      }
      try progress?(range.upperBound, images.count)
    }
    self.predictions = predictions
    self.entropies = entropies
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
