public import DFQTensor

/// The labels of a batch of images.
public struct LabelBatch: Sendable {
  /// The labels, N C, each row summing to 1.
  public var labels: Tensor
  /// Whether each image is easy (one-hot) rather than hard (soft).
  public var isEasy: [Bool]
  /// The class each image is drawn around.
  public var anchors: [Int]
  /// The classes that each label's mass may lie on.
  public var supports: [[Int]]

  /// Makes labels.
  public init(labels: Tensor, isEasy: [Bool], anchors: [Int], supports: [[Int]]) {
    self.labels = labels
    self.isEasy = isEasy
    self.anchors = anchors
    self.supports = supports
  }
}

extension RandomStream {
  /// Classes in random order; each occurs as often as the others or once more.
  mutating func balancedClasses(_ count: Int, of classCount: Int) -> [Int] {
    var classes: [Int] = []
    while classes.count < count { classes += permutation(classCount) }
    return Array(classes.prefix(count))
  }
}
