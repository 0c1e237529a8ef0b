public import DFQEngine
import DFQGraph

/// Cross entropy between the images' labels and the student's predictions, mean over the batch.
public struct LabelCrossEntropy: StudentObjective {
  /// What names the type in checkpoints.
  public static var kind: String { "cross entropy" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "Cross entropy between the images' labels and the student's predictions.",
    formula: "weight * CE(Q(x), label)")
  /// The factor of the loss in the total.
  public var weight: Float

  /// Makes the objective.
  public init(weight: Float = 1) { self.weight = weight }

  /// The loss of a batch.
  public func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    [CrossEntropy(labels: batch.labels, node: try batch.node(.logits), weight: weight)]
  }
}
