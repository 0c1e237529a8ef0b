public import DFQEngine
public import DFQGraph
public import DFQTensor

/// No labels, as in ZeroQ (Cai et al., CVPR 2020): only statistics are matched, and the finished
/// images are stored with the teacher's predictions.
public struct Unlabelled: LabelStrategy {
  /// The strategy's name in files.
  public static let kind = "unlabelled"

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "No labels: only statistics are matched, the teacher's predictions are stored.",
    reference: .init("Cai et al.", "ZeroQ: A Novel Zero Shot Quantization Framework", "CVPR", 2020))

  /// Makes the strategy.
  public init() {}

  /// Uniform labels, which say nothing about a class.
  public func labels(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> LabelBatch {
    let classes = network.classCount
    return LabelBatch(
      labels: Tensor(shape: [count, classes], repeating: 1 / Float(classes)),
      isEasy: [Bool](repeating: false, count: count), anchors: [Int](repeating: 0, count: count),
      supports: [[Int]](repeating: Array(0..<classes), count: count))
  }

  /// No labels while images are synthesized.
  public func targets(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> any LabelTargets { NoLabels() }
}
