import DFQEngine
public import DFQGraph
public import DFQTensor

/// The labels images are synthesized towards.
public struct LabelBatch: Sendable {
  /// The labels, N C, rows summing to 1.
  public var labels: Tensor
  /// Whether each image is easy (one-hot) rather than hard (soft).
  public var isEasy: [Bool]
  /// The class each image is drawn around.
  public var anchors: [Int]
  /// The classes each label's mass may lie on.
  public var supports: [[Int]]

  /// Makes labels.
  public init(labels: Tensor, isEasy: [Bool], anchors: [Int], supports: [[Int]]) {
    self.labels = labels
    self.isEasy = isEasy
    self.anchors = anchors
    self.supports = supports
  }
}

/// Decides which labels images are synthesized towards; conform to it to try an own idea.
public protocol LabelStrategy: Sendable {
  /// Draws labels for `count` images; the same stream must give the same labels.
  func labels(count: Int, network: Network, stream: inout RandomStream) throws -> LabelBatch
}

/// One-hot labels, the classes evenly covered: all images are easy.
public struct OneHotLabels: LabelStrategy {
  /// Makes the strategy.
  public init() {}

  /// Draws labels for `count` images.
  public func labels(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> LabelBatch {
    let anchors = stream.balancedClasses(count, of: network.classCount)
    return LabelBatch(
      labels: try Tensor.oneHot(anchors, classCount: network.classCount),
      isEasy: [Bool](repeating: true, count: count), anchors: anchors,
      supports: anchors.map { [$0] })
  }
}

extension RandomStream {
  /// Classes in random order, each as often as the others but for one.
  mutating func balancedClasses(_ count: Int, of classCount: Int) -> [Int] {
    var classes: [Int] = []
    while classes.count < count { classes += permutation(classCount) }
    return Array(classes.prefix(count))
  }
}
