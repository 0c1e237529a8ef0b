public import DFQEngine
public import DFQGraph
import DFQTensor

/// SynQ's alignment of class activation maps (Kim et al., ICLR 2025): the student looks where the teacher
/// does.
///
/// The maps are Grad-CAM's at the last layer with positions, the one whose mean the classifier reads; see
/// `ActivationMap` for the formula. Teacher and student each use their own classifier, the student with
/// rounded weights.
public struct ActivationMapAlignment: StudentObjective {
  /// What names the type in checkpoints.
  public static var kind: String { "activation maps" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "SynQ's alignment of class activation maps: the student looks where the teacher does.",
    reference: .init(
      "Kim et al.", "SynQ: Accurate Zero-shot Quantization by Synthesis-aware Fine-tuning",
      "ICLR", 2025),
    formula: "weight * mean over positions of (M_P - M_Q)^2, maps scaled to 0...1", page: "SynQ",
    notes: ["Published weights: 50 (ImageNet's script) to 200 (the code's default)."])

  /// What the official code has.
  public static let variants: [String: ActivationMapAlignment] = ["officialCode": .officialCode]

  /// The class whose map is taken.
  public enum MapClass: String, Sendable, Codable, CaseIterable {
    /// The teacher's prediction, for both networks.
    case teacher
    /// Each network's own prediction.
    case own
  }

  /// The factor of the loss in the total.
  public var weight: Float
  /// The class whose map is taken.
  public var classes: MapClass
  /// Whether weights of channels below 0 count as 1e-10.
  public var dropsNegative: Bool
  /// Whether maps are compared at the size of the image, by bilinear interpolation, or at the layer's.
  public var resizes: Bool

  /// Makes the objective.
  public init(
    weight: Float = 50, classes: MapClass = .teacher, dropsNegative: Bool = false,
    resizes: Bool = false
  ) {
    self.weight = weight
    self.classes = classes
    self.dropsNegative = dropsNegative
    self.resizes = resizes
  }

  /// Maps of one class, with all channels, at the layer's size.
  public static let published = ActivationMapAlignment()

  /// Each network's own class, channels' weights of at least 1e-10, maps at the size of the image.
  public static let officialCode = ActivationMapAlignment(
    classes: .own, dropsNegative: true, resizes: true)

  /// The last node with positions on the way to the classifier; nil where there is none.
  static func place(in network: Network) -> Int? {
    guard let classifier = try? network.classifier() else { return nil }
    let nodes = network.graph.nodes
    var place = nodes[classifier.node].inputs[0]
    while true {
      let shape = nodes[place].outputShape
      if shape.rank == 3, shape[0] * shape[1] > 1 {
        return shape[2] == classifier.weight.shape[0] ? place : nil
      }
      guard nodes[place].inputs.count == 1 else { return nil }
      place = nodes[place].inputs[0]
    }
  }

  private func layers(in network: Network) -> [ObservedLayer] {
    Self.place(in: network).map { [.named(network.graph.nodes[$0].name)] } ?? []
  }

  /// The layer whose mean the classifier reads, and the logits.
  public func teacherLayers(in network: Network) -> [ObservedLayer] {
    layers(in: network) + [.logits]
  }
  /// The layer whose mean the classifier reads.
  public func studentLayers(in network: Network) -> [ObservedLayer] { layers(in: network) }

  /// Checks that the classifier reads the mean of a layer's positions.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  public func check(for network: Network) throws {
    try demand(
      Self.place(in: network) != nil,
      "a classifier that reads the mean of a layer's positions, for activation maps",
      network.architecture)
  }

  /// The loss of a batch.
  public func losses(for batch: ObjectiveBatch) throws -> [any ImageObjective] {
    guard let node = Self.place(in: batch.network) else { return [] }
    let layer = ObservedLayer.named(batch.network.graph.nodes[node].name)
    let shape = batch.network.graph.nodes[node].outputShape
    let image = batch.network.imageShape
    func map(_ classifier: (weight: Tensor, bias: [Float])) -> ActivationMap {
      ActivationMap(
        weights: classifier.weight, bias: classifier.bias, positions: [shape[0], shape[1]],
        size: resizes ? [image[0], image[1]] : nil, dropsNegative: dropsNegative)
    }
    let own = try batch.network.classifier()
    let (teacherMap, values) = (map((own.weight, own.bias)), try batch.teacher(layer))
    let logits = try batch.teacher(.logits)
    let predicted = (0..<batch.count).map { image in
      let row = logits.row(image).elements
      return row.indices.max { row[$0] < row[$1] } ?? 0
    }
    let targets = (0..<batch.count).map {
      teacherMap.map(values.row($0).elements, label: predicted[$0])
    }
    return [
      ActivationMapDistance(
        map: map(try batch.studentClassifier()),
        targets: Tensor(
          shape: [batch.count, teacherMap.size[0] * teacherMap.size[1]],
          elements: targets.flatMap { $0 }),
        classes: classes == .teacher ? predicted : nil, node: node, weight: weight)
    ]
  }
}
