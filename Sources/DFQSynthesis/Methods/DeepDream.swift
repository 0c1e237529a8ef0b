public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Images made from labels and a prior of smoothness alone: the method for networks without batch norm, such as those whose
/// exporter has folded it into the weights.
///
/// The loss is labelWeight * CE(P(x), label) + smoothness * total variation + norm * image norm (Mordvintsev et al., "Inceptionism",
/// 2015, in the form of Yin et al., "Dreaming to Distill", CVPR 2020, equations 2 and 3). Nothing ties the images to the statistics of
/// the data that the network was trained on, so that students learn less from them.
public struct DeepDream: SynthesisMethod, Hashable {
  /// The method's name in files.
  public static let kind = "deepdream"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "Images by soft labels and smoothness alone, for networks without batch norm.",
    reference: .init(
      "Yin et al.", "Dreaming to Distill: Data-free Knowledge Transfer via DeepInversion", "CVPR",
      2020),
    formula: "labelWeight * CE(P(x), label) + smoothness * total variation + norm * image norm",
    notes: [
      "The only method of synthesis that needs no batch norm; it matches no statistics.",
      "Smoothness is 40 times DeepInversion's, which goes with statistics.",
    ])

  /// Which labels images are synthesized towards.
  public var labels: SoftLabels
  /// The factor of the cross entropy with the labels.
  public var labelWeight: Float
  /// The factor of the total variation.
  public var smoothness: Float
  /// The factor of the images' norm.
  public var norm: Float

  /// Makes the method.
  ///
  /// DeepInversion's smoothness for CIFAR-10, 2.5e-5, goes with statistics: alone it leaves noise that the labels make extreme, on which a
  /// student at 4 bits agrees with its teacher on 15 % of held-out images (77 % with 1e-3).
  public init(
    labels: SoftLabels = SoftLabels(), labelWeight: Float = 1, smoothness: Float = 1e-3,
    norm: Float = 3e-8
  ) {
    self.labels = labels
    self.labelWeight = labelWeight
    self.smoothness = smoothness
    self.norm = norm
  }

  /// Checks the settings and that the network's weights are finite.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` and `NetworkError.notFinite`.
  public func check(_ network: Network) throws {
    try Self.demandNotNegative([
      (labelWeight, "a label weight"), (smoothness, "a smoothness"), (norm, "a norm weight"),
    ])
    try labels.check()
    try network.checkFinite()
  }

  /// Draws the labels of a batch.
  public func targets(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> StatisticsTargets {
    StatisticsTargets(
      statistics: [],
      labels: try labels.targets(count: batch.count, network: batch.network, stream: &stream),
      labelWeight: labelWeight)
  }

  /// The cross entropy with the labels and the priors on pixels.
  public func objectives(
    step: Int, targets: StatisticsTargets, batch: SynthesisBatch
  ) throws -> SynthesisObjectives {
    SynthesisObjectives(
      images: targets.labels.labels.map {
        [CrossEntropy(labels: $0, node: batch.network.graph.output, weight: labelWeight)]
      } ?? [],
      pixels: [TotalVariation(weight: smoothness), ImageNorm(weight: norm)])
  }
}
