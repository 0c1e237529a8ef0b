public import DFQEngine

/// CADyQ's selector (Hong et al., "CADyQ: Content-Aware Dynamic Quantization for Image
/// Super-Resolution", ECCV 2022): at every layer a linear map of the image's gradients and of the
/// layer's own deviations.
///
/// The features of layer k are v_k = (|dI/dx|, |dI/dy|, sigma(z_k)): the mean magnitudes of the image's
/// gradients and the standard deviation of each channel of the layer's input z_k. One linear map gives
/// the logits of the candidates b_1...b_M; the largest wins, and the gradient is that of the mixture
/// sum_j p_j Q_j(z_k). ``PerLayerSelector`` is the same without the gradients of the image, from 16
/// positions, which is cheaper and which integer programs have.
///
/// The regularizer w sum_k b_k / sg(sum_j p_j b_j) belongs to training:
/// `DynamicTrainer.BudgetRule.bitRatio`.
public struct CADyQ: HeadDecider {
  /// Its name in files.
  public static var kind: String { "cadyq" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "A decision at every layer, from the image's gradients and the layer's deviations.",
    reference: .init(
      "Hong et al.", "CADyQ: Content-Aware Dynamic Quantization for Image Super-Resolution", "ECCV",
      2022),
    formula: "bits_k = argmax W (|dI/dx|, |dI/dy|, sigma(z_k)) + b; w sum_k b_k / sg(E_p b_k)",
    page: "CADyQ",
    notes: ["Integer programs have no gradients of the image; perLayer is the form without them."])

  /// Other settings that make sense.
  public static var variants: [String: CADyQ] {
    ["sampled": CADyQ(positions: 4)]
  }

  /// The channel statistics that it looks at.
  public let features: [ChannelStatistic]
  /// The rows and columns of the sampled positions; 64, as published, are all of small maps.
  public let positions: Int
  /// The width of a hidden ReLU layer, 0 for the published linear map.
  public let hidden: Int
  /// The statistics of the image that it looks at; none make it a ``PerLayerSelector``.
  public let image: [ImageStatistic]

  /// Makes a selector; the defaults are the published settings.
  public init(
    features: [ChannelStatistic] = [.deviation], positions: Int = 64, hidden: Int = 0,
    image: [ImageStatistic] = [.horizontalGradient, .verticalGradient]
  ) {
    self.features = ChannelStatistic.allCases.filter { features.contains($0) }
    self.positions = positions
    self.hidden = hidden
    self.image = ImageStatistic.allCases.filter { image.contains($0) }
  }

  /// A decision at every output whose bits can be chosen, about this output.
  public func sites(in setting: DecisionSetting) -> [DecisionSite] {
    setting.outputs.filter(\.isDynamic).map { output in
      DecisionSite(
        at: output, governs: [output.index], candidates: output.bits, statistics: features,
        positions: positions,
        image: image.isEmpty ? nil : ImageFeatures(image, shape: setting.imageShape))
    }
  }
}

extension CADyQ: CompiledDecider {
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    headsOfGroups(at: site, parameters: parameters)
  }
}
