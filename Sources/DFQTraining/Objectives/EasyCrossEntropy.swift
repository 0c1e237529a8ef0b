public import DFQEngine
public import DFQGraph
import DFQSynthesis
import DFQTensor

/// SynQ's cross entropy with the labels of easy images alone (Kim et al., ICLR 2025): labels of hard ones
/// mislead.
///
/// An image is easy where the teacher's prediction p is close to its label y:
///
/// ```
/// difficulty = half the sum over classes of |p - y| < threshold        1 - p of the class, where the label is one-hot
/// ```
///
/// The loss is the mean over all images of the batch; hard ones add 0.
public struct EasyCrossEntropy: StudentObjective {
  /// What names the type in checkpoints.
  public static var kind: String { "easy cross entropy" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "SynQ's cross entropy with the labels of images that are easy for the teacher.",
    reference: .init(
      "Kim et al.", "SynQ: Accurate Zero-shot Quantization by Synthesis-aware Fine-tuning",
      "ICLR", 2025),
    formula: "weight * [|p - y| / 2 < threshold] CE(Q(x), y), mean over all images", page: "SynQ")

  /// The default weight of the official code, without its script.
  public static let variants: [String: EasyCrossEntropy] = ["officialCode": .init(weight: 5)]

  /// tau, the difficulty from which an image is hard, in 0...1.
  public var threshold: Float
  /// lambda, the factor of the loss in the total.
  public var weight: Float

  /// Makes the objective; the defaults are those of the official script for ImageNet.
  public init(threshold: Float = 0.5, weight: Float = 0.5) {
    self.threshold = threshold
    self.weight = weight
  }

  /// The logits.
  public func teacherLayers(in network: Network) -> [ObservedLayer] { [.logits] }

  /// Checks the threshold.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  public func check(for network: Network) throws {
    try demand((0...1).contains(threshold), "a threshold of difficulty in 0...1", threshold)
  }

  /// The loss of a batch: rows of hard images have no label.
  public func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    var labels = batch.labels
    let classes = labels.rowShape.count
    let teacher = try batch.teacher(.logits)
    for image in 0..<batch.count {
      let range = image * classes..<(image + 1) * classes
      let difficulty = Difficulty(
        logits: teacher.elements[range], label: batch.labels.elements[range])
      guard difficulty.gradientNorm >= threshold else { continue }
      for place in range { labels[place] = 0 }
    }
    return [CrossEntropy(labels: labels, node: try batch.node(.logits), weight: weight)]
  }
}
