public import DFQEngine
public import DFQGraph

/// Feature alignment as in HAST (Li et al., 2023): the squared distance between the channel-attention
/// vectors of teacher and student, summed over layers.
///
/// A channel's attention is the mean of its squared values over all positions; the vector of all
/// channels is scaled to length 1. HAST aligns the output of each residual branch before it is added
/// to the shortcut, such as `layer1.0.bn2`, with weights of 1000 (CIFAR-10) to 4000 (ImageNet).
public struct AttentionAlignment: StudentObjective {
  /// What names the type in checkpoints.
  public static var kind: String { "attention alignment" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "HAST's alignment of residual branches: the distance of their channels' attention.",
    reference: .init(
      "Li et al.", "Hard Sample Matters a Lot in Zero-Shot Quantization", "CVPR", 2023),
    formula:
      "weight * sum over branches of mean (a_P - a_Q)^2, a = channels' mean squares, length 1",
    page: "HAST", notes: ["Published weights: 1000 (CIFAR-10), 2000 (CIFAR-100), 4000 (ImageNet)."])
  /// The factor of the loss in the total.
  public var weight: Float
  /// The layers that are aligned, each with a value H W C; nil for ``residualBranches(in:)``.
  public var layers: [ObservedLayer]?

  /// Makes the objective; without layers for the outputs of the network's residual branches.
  public init(layers: [ObservedLayer]? = nil, weight: Float = 1000) {
    self.layers = layers
    self.weight = weight
  }

  /// Makes the objective for layers given by their names.
  public init(layers: [String], weight: Float = 1000) {
    self.init(layers: layers.map { .named($0) }, weight: weight)
  }

  /// The outputs of a network's residual branches: of the two inputs of each sum the one that more
  /// layers lead to.
  ///
  /// Networks without sums have none; blocks of MobileNetV2 without a shortcut are not among them.
  public static func residualBranches(in network: Network) -> [ObservedLayer] {
    let nodes = network.graph.nodes
    var depths: [Int] = []
    for node in nodes { depths.append((node.inputs.map { depths[$0] }.max() ?? -1) + 1) }
    return nodes.filter { $0.layer is Sum }.map { sum in
      let deepest = sum.inputs.max { depths[$0] < depths[$1] }!
      return .named(nodes[deepest].name)
    }
  }

  /// The aligned layers.
  public func teacherLayers(in network: Network) -> [ObservedLayer] {
    layers ?? Self.residualBranches(in: network)
  }
  /// The aligned layers.
  public func studentLayers(in network: Network) -> [ObservedLayer] { teacherLayers(in: network) }

  /// Checks that there are layers, each given once.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  public func check(for network: Network) throws {
    let layers = teacherLayers(in: network)
    guard !layers.isEmpty, Set(layers).count == layers.count else {
      throw TrainingError.badConfiguration(
        what: "at least one layer, each given once, for attention alignment",
        found: "\(layers.count) layers")
    }
  }

  /// The losses of a batch, one for each layer.
  public func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    try teacherLayers(in: batch.network).map { layer in
      FeatureAlignment(
        teacherFeatures: try batch.teacher(layer), node: try batch.node(layer), weight: weight)
    }
  }

  /// The same losses, of the teacher's attention; the distance is symmetric.
  public func lossesAtTeacher(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    try teacherLayers(in: batch.network).map { layer in
      FeatureAlignment(
        teacherFeatures: try batch.student(layer), node: try batch.node(layer), weight: weight)
    }
  }
}
