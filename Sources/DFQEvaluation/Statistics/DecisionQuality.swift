/// How well the images that need bits are those that get them.
///
/// An image needs bits where the answer at the lowest bits (the lowest candidate everywhere, the first
/// pass, or the first level of a cascade) is not the float network's. Everything is nil where it is not
/// defined: a share of nothing, a correlation with what does not vary.
public struct DecisionQuality: Sendable, Codable, Equatable {
  /// The number of images.
  public var imageCount: Int
  /// Images that need bits and got more than the lowest.
  public var neededAndGiven: Int
  /// Images that got more and do not need it.
  public var givenOnly: Int
  /// Images that need bits and got the lowest.
  public var neededOnly: Int
  /// Images that do not need bits and got the lowest.
  public var neither: Int
  /// The share of images that need bits among those that got more.
  public var precision: Double?
  /// The share of images that got more among those that need bits.
  public var recall: Double?
  /// The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).
  public var f1: Double?
  /// The mean precision of finding images that need bits by the score
  /// (``Confidence/averagePrecision(scores:isPositive:)``); equal scores are taken together.
  public var averagePrecision: Double?
  /// The probability that an image that needs bits has a higher score than one that does not, ties
  /// counted half.
  public var areaUnderROC: Double?
  /// Spearman's correlation of mean bits with the divergence from the float network at the lowest bits,
  /// ties at their mean rank.
  public var divergenceCorrelation: Double?
  /// Spearman's correlation of mean bits with the entropy of the float network's answer.
  public var entropyCorrelation: Double?
  /// Spearman's correlation of mean bits with whether the final answer is the label.
  public var correctnessCorrelation: Double?

  /// The number of images that need bits.
  public var neededCount: Int { neededAndGiven + neededOnly }
  /// The number of images that got more than the lowest bits.
  public var givenCount: Int { neededAndGiven + givenOnly }

  /// Summarizes a record.
  ///
  /// - Parameters:
  ///   - record: What was decided.
  ///   - meanBits: The mean activation bits of each image.
  ///   - entropies: The entropy of the float network's answer to each image.
  ///   - isRight: Whether the final answer to each image is its label.
  public init(
    _ record: DecisionRecord, meanBits: [Double], entropies: [Double], isRight: [Bool]
  ) {
    let count = record.needsBits.count
    precondition(
      meanBits.count == count && entropies.count == count && isRight.count == count,
      "one value for each image is needed")
    func images(needing needs: Bool, given: Bool) -> Int {
      zip(record.needsBits, record.gotMore).count { $0 == needs && $1 == given }
    }
    imageCount = count
    neededAndGiven = images(needing: true, given: true)
    givenOnly = images(needing: false, given: true)
    neededOnly = images(needing: true, given: false)
    neither = images(needing: false, given: false)
    func share(_ part: Int, of whole: Int) -> Double? {
      whole == 0 ? nil : Double(part) / Double(whole)
    }
    precision = share(neededAndGiven, of: neededAndGiven + givenOnly)
    recall = share(neededAndGiven, of: neededAndGiven + neededOnly)
    f1 = share(2 * neededAndGiven, of: 2 * neededAndGiven + givenOnly + neededOnly)
    averagePrecision = Confidence.averagePrecision(
      scores: record.scores, isPositive: record.needsBits)
    areaUnderROC = Confidence.areaUnderROC(scores: record.scores, isPositive: record.needsBits)
    divergenceCorrelation =
      record.divergences.isEmpty
      ? nil : Statistics.rankCorrelation(meanBits, record.divergences)
    entropyCorrelation = Statistics.rankCorrelation(meanBits, entropies)
    correctnessCorrelation = Statistics.rankCorrelation(meanBits, isRight.map { $0 ? 1 : 0 })
  }
}
