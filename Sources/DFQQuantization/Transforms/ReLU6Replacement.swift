public import DFQEngine
public import DFQGraph
public import DFQTensor

/// ReLU6 becomes ReLU, which is positively homogeneous: what equalization needs (Nagel et al., ICCV
/// 2019, section 5.1).
///
/// This is the only transform here that changes what the network computes in floating point without
/// repairing anything: values above 6 are no longer cut. MobileNetV2 hardly notices; some networks
/// do, so measure the network after it.
public struct ReLU6Replacement: DataFreeTransform {
  /// Its name in recipes and checkpoints.
  public static var kind: String { "relu" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "ReLU6 becomes ReLU, which equalization and other transforms need.", cost: 0,
    reference: .init(
      "Nagel et al.",
      "Data-Free Quantization Through Weight Equalization and Bias Correction", "ICCV", 2019),
    formula: "min(max(x, 0), 6) -> max(x, 0)", page: "NagelDFQ",
    notes: ["Changes what the network computes in floating point: measure it after it."])

  /// Makes the transform; it has no settings.
  public init() {}

  /// Returns the network with ReLU in every place of ReLU6.
  public func transformed(
    _ network: Network, for quantizer: Quantizer, context: ExecutionContext
  ) throws -> TransformedNetwork {
    let graph = network.graph
    let count = graph.nodes.count(where: { ($0.layer as? Activation) == .relu6 })
    guard count > 0 else {
      return TransformedNetwork(network: network, notes: ["there is no ReLU6"])
    }
    let result = try network.rebuilt(
      architecture: "\(network.architecture), ReLU"
    ) { node in
      (graph.nodes[node].layer as? Activation) == .relu6
        ? Activation.relu : graph.nodes[node].layer
    } value: {
      network.parameters.tensor($0)
    }
    return TransformedNetwork(network: result, notes: ["\(count) ReLU6 became ReLU"])
  }
}
