import DFQQuantization

/// Curves of a score that should be high where a prediction is right.
public enum Confidence {
  /// One point of a curve.
  public struct Point: Sendable, Codable, Equatable {
    /// The horizontal value: coverage or recall.
    public let x: Double
    /// The vertical value: risk or precision.
    public let y: Double

    /// Makes a point.
    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// The largest value of each row of logits N C less the second largest; infinite for one class.
  public static func margins(of logits: [Float], classes: Int) -> [Float] {
    MarginCascade.margins(logits, classes: classes)
  }

  /// Risk against coverage (El-Yaniv and Wiener 2010): the share of errors among the images with the
  /// highest scores, for growing shares of images.
  ///
  /// Equal scores are taken together.
  public static func riskCoverage(scores: [Double], isRight: [Bool]) -> [Point] {
    steps(scores, isRight).map { step in
      Point(
        x: Double(step.taken) / Double(scores.count),
        y: Double(step.taken - step.right) / Double(step.taken))
    }
  }

  /// Precision against recall of finding the positive images by a high score.
  ///
  /// Equal scores are taken together.
  public static func precisionRecall(scores: [Double], isPositive: [Bool]) -> [Point] {
    let positives = isPositive.filter { $0 }.count
    guard positives > 0 else { return [] }
    return steps(scores, isPositive).map { step in
      Point(
        x: Double(step.right) / Double(positives), y: Double(step.right) / Double(step.taken))
    }
  }

  /// The mean precision over the positives: the area under the precision-recall curve as a sum of
  /// steps; nil without positives.
  public static func averagePrecision(scores: [Double], isPositive: [Bool]) -> Double? {
    let curve = precisionRecall(scores: scores, isPositive: isPositive)
    guard !curve.isEmpty else { return nil }
    var recall = 0.0
    return curve.reduce(0) { sum, point in
      defer { recall = point.x }
      return sum + (point.x - recall) * point.y
    }
  }

  /// The probability that a positive image has a higher score than another, ties counted half; nil
  /// where there is no positive or no other.
  public static func areaUnderROC(scores: [Double], isPositive: [Bool]) -> Double? {
    let positives = isPositive.filter { $0 }.count
    let others = isPositive.count - positives
    guard positives > 0, others > 0 else { return nil }
    var (taken, right, area) = (0, 0, 0.0)
    for step in steps(scores, isPositive) {
      let (newRight, newOther) = (step.right - right, step.taken - taken - (step.right - right))
      // Positives above these others, and half of those beside them.
      area += Double(newOther) * (Double(right) + Double(newRight) / 2)
      (taken, right) = (step.taken, step.right)
    }
    return area / (Double(positives) * Double(others))
  }

  /// After each group of equal scores, from the highest: images taken and those that are right.
  private static func steps(
    _ scores: [Double], _ isRight: [Bool]
  ) -> [(taken: Int, right: Int)] {
    precondition(scores.count == isRight.count, "a score for each image is needed")
    let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
    var result: [(taken: Int, right: Int)] = []
    var right = 0
    for (place, index) in order.enumerated() {
      if isRight[index] { right += 1 }
      if place + 1 == order.count || scores[order[place + 1]] != scores[index] {
        result.append((place + 1, right))
      }
    }
    return result
  }
}
