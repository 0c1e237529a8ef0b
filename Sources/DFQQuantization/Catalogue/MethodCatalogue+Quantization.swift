public import DFQEngine

/// The methods of quantized networks: a new one adds its line here.
extension MethodCatalogue {
  /// Changes of a network or of its weights that need no training.
  public static let transforms: [any DataFreeTransform] = [
    ReLU6Replacement(),
    Equalization(),
    BiasAbsorption(),
    BiasCorrection(),
    SPIQ(),
    UDFC(),
  ]

  /// Ways of rounding weights.
  public static let roundings: [any WeightRounding] = [
    NearestRounding(),
    SQuant(),
    NestedRounding(),
  ]

  /// Selectors, with default settings or with those of an example.
  public static let selectors: [any BitDecider] = [
    PerLayerSelector(),
    LayerInputSelector(),
    PerImageSelector(),
    MarginCascade(levels: [3, 5], shares: [0.5]),
    SensitivitySelector(.perImage),
    CADyQ(),
    DQNet(),
    AdaBM(),
  ]
}
