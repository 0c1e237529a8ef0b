public import DFQEngine

/// The methods that make images: a new one adds its line here.
extension MethodCatalogue {
  /// Methods of synthesis with their published settings.
  public static let synthesis: [any SynthesisMethod] = [
    SoftLabelMethod(),
    HardSampleMethod(),
    ZeroQ(),
    DeepDream(),
    DSG(),
    IntraQ(),
    MixMix(),
    TexQ(),
    Genie(),
  ]

  /// Generators that learn beside the student, with their published settings.
  public static let generators: [any GeneratorMethod] = [
    GDFQ(),
    Qimera(),
    AdaDFQ(),
    TexQGenerator(),
  ]

  /// Labels that images are synthesized towards.
  public static let labels: [any LabelStrategy] = [
    SoftLabels(),
    RefinedLabels(),
    OneHotLabels(),
    Unlabelled(),
  ]
}
