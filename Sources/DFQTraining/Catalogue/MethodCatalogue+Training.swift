public import DFQEngine
import DFQQuantization
import DFQSynthesis

/// The methods of a student's training: a new one adds its line here.
extension MethodCatalogue {
  /// Losses that a student is trained with.
  public static let objectives: [any StudentObjective] = [
    LabelCrossEntropy(),
    LogitDistillation(),
    AttentionAlignment(),
    FeatureDistance(),
    ActivationMapAlignment(),
    EasyCrossEntropy(),
  ]

  /// What is done to the images of a step.
  public static let batches: [any CataloguedMethod] = [
    Mixup(.easy),
    LowPassFilter(),
    Perturbation(),
  ]

  /// What is done between the gradient of the weights and the optimizer's step.
  public static let updates: [any UpdateRule] = [
    GradientInundation()
  ]

  /// What is done before the first step.
  public static let stages: [any CataloguedMethod] = [
    AdaptiveRounding()
  ]

  /// The methods of a part, in the order of its list.
  public static func methods(_ part: Part) -> [any CataloguedMethod] {
    switch part {
    case .synthesis: synthesis
    case .generator: generators
    case .labels: labels
    case .training: objectives.map { $0 as any CataloguedMethod } + batches + updates + stages
    case .transform: transforms
    case .rounding: roundings
    case .selector: selectors
    }
  }

  /// All methods, part by part.
  public static var all: [(part: Part, method: any CataloguedMethod)] {
    Part.allCases.flatMap { part in methods(part).map { (part, $0) } }
  }
}
