public import DynaDFQ

/// One finished evaluation: a line of `results.jsonl`.
public struct ResultRecord: Sendable, Codable {
  /// The version of the form of the line.
  public static let format = 1

  /// The version of the form of this line.
  public var format = ResultRecord.format
  /// `teacher` or `evaluation`.
  public var kind: String
  /// The artefact's key.
  public var key: String
  /// What people call it.
  public var label: CellLabel
  /// Every setting of what was measured.
  public var settings: JSONTree
  /// Whether bits depend on the image.
  public var isDynamic: Bool
  /// The data set as reports name it.
  public var dataset: String
  /// The number of images.
  public var imageCount: Int
  /// The share of images classified as labelled.
  public var accuracy: Double
  /// The full report of a student or cascade; nil for a teacher.
  public var report: EvaluationReport?
  /// What the student does with synthetic images, as measured after its training.
  public var training: TrainingSummary?
  /// How well images that need bits get them among the synthetic images that the selector or the
  /// thresholds were fitted on; the same of real images is in the report.
  public var syntheticDecision: DecisionQuality?
  /// How the result came about.
  public var run: RunDetails
}
