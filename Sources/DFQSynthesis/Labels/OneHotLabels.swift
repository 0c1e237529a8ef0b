public import DFQEngine
public import DFQGraph
public import DFQTensor

/// One-hot labels that cover the classes evenly: all images are easy.
public struct OneHotLabels: LabelStrategy {
  /// The strategy's name in files.
  public static let kind = "one-hot"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "One-hot labels that cover the classes evenly: all images are easy.")

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
