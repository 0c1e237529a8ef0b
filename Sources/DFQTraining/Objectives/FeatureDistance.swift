public import DFQEngine
public import DFQGraph

/// The squared distance between the features of teacher and student: mean over the elements of a layer,
/// summed over layers, averaged over the batch.
///
/// Distillation of logits says little about early layers at two or three bits; this loss gives each of
/// them a target of its own. Distances of every layer's features are usual where students have few
/// bits: FitNets (Romero et al., 2015, equation 3), and block reconstruction in Genie (Jeon et al.,
/// CVPR 2023).
public struct FeatureDistance: StudentObjective {
  /// What names the type in checkpoints.
  public static var kind: String { "feature distance" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "The squared distance of teacher's and student's features at every activation.",
    reference: .init("Romero et al.", "FitNets: Hints for Thin Deep Nets", "ICLR", 2015),
    formula: "weight * sum over layers of mean (f_P - f_Q)^2", page: "PLF",
    notes: ["The weight of 100, over all layers, is that of PLF for CIFAR."])
  /// The factor of the loss in the total.
  public var weight: Float
  /// The layers whose values are compared, before any quantizer; nil for the output of every
  /// activation function.
  public var layers: [ObservedLayer]?

  /// Makes the objective; without layers for the output of every activation function.
  public init(layers: [ObservedLayer]? = nil, weight: Float = 100) {
    self.layers = layers
    self.weight = weight
  }

  /// Makes the objective for layers given by their names.
  public init(layers: [String], weight: Float = 100) {
    self.init(layers: layers.map { .named($0) }, weight: weight)
  }

  /// The compared layers.
  public func teacherLayers(in network: Network) -> [ObservedLayer] {
    layers
      ?? network.graph.nodes.filter { $0.layer.quantizedOutput != nil }.map { .named($0.name) }
  }

  /// The compared layers.
  public func studentLayers(in network: Network) -> [ObservedLayer] { teacherLayers(in: network) }

  /// Checks that there are layers, each given once.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  public func check(for network: Network) throws {
    let layers = teacherLayers(in: network)
    guard !layers.isEmpty, Set(layers).count == layers.count else {
      throw TrainingError.badConfiguration(
        what: "at least one layer, each given once, for a distance of features",
        found: "\(layers.count) layers")
    }
  }

  /// The losses of a batch, one for each layer.
  public func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    try teacherLayers(in: batch.network).map { layer in
      SquaredError(
        targets: try batch.teacher(layer), node: try batch.node(layer), weight: weight)
    }
  }

  /// The same distances, of the teacher's values from the student's.
  public func lossesAtTeacher(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    try teacherLayers(in: batch.network).map { layer in
      SquaredError(
        targets: try batch.student(layer), node: try batch.node(layer), weight: weight)
    }
  }
}
