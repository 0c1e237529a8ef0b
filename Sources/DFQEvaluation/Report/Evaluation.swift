import DFQQuantization

/// A report with what it was made of, image by image.
public struct Evaluation: Sendable {
  /// The report.
  public let report: EvaluationReport
  /// The class that the student predicted for each image.
  public let predictions: [Int]
  /// The images' classes.
  public let labels: [Int]
  /// The MAC-weighted mean of each image's activation bits.
  public let meanBits: [Double]
  /// BitOPs of each image.
  public let bitOPs: [Double]
  /// The number of passes each image took.
  public let passes: [Int]
  /// The largest logit of each image less the second largest.
  public let margins: [Float]
  /// What each control did, in the order of the report's.
  public let controls: [ControlRun]
  /// What was decided about bits; nil for static students, and where no teacher was given.
  public let decisions: DecisionRecord?

  /// What one control did, image by image.
  public struct ControlRun: Sendable {
    /// What chose the bits.
    public let kind: EvaluationReport.Policy.Kind
    /// The bits of a uniform control, else nil.
    public let bits: Int?
    /// The class that was predicted for each image.
    public let predictions: [Int]
    /// BitOPs of each image.
    public let bitOPs: [Double]
    /// The same with unquantized inputs counted at the activations' bits, as published tables do.
    public let familyBitOPs: [Double]
    /// The MAC-weighted mean of each image's activation bits.
    public let meanBits: [Double]
  }

  /// The accuracy of this student less that of another on the same images.
  ///
  /// - Throws: ``QuantizationError/bitsCount(what:expected:found:)`` for another number of images.
  public func accuracy(lessThatOf other: Evaluation) throws -> PairedDifference {
    guard other.labels.count == labels.count else {
      throw QuantizationError.bitsCount(
        what: "images", expected: labels.count, found: other.labels.count)
    }
    return PairedDifference(
      Judge.hits(predictions, labels), less: Judge.hits(other.predictions, labels))
  }
}

/// The mean difference of two measurements of the same images, with its 95 % interval.
public struct PairedDifference: Sendable, Codable, Equatable {
  /// The mean difference.
  public let mean: Double
  /// Half the width of the 95 % interval (normal approximation over images).
  public let interval: Double

  /// Compares two measurements, one value for each image; they must be of the same images.
  public init(_ first: [Double], less second: [Double]) {
    let differences = zip(first, second).map { $0 - $1 }
    mean = Statistics.mean(differences)
    interval = Statistics.interval(differences)
  }
}
