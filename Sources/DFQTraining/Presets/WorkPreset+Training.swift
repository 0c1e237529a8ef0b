public import DFQEngine
public import DFQQuantization

extension WorkPreset {
  /// The settings of the trainer.
  public var training: DynamicTrainer.Configuration {
    switch self {
    case .demo: .demo
    case .reduced: .reduced
    case .full: .full
    }
  }

  /// The settings of adaptive rounding, where it is asked for.
  public var adaptiveRounding: AdaptiveRounding {
    switch self {
    case .demo: .demo
    case .reduced: .reduced
    case .full: AdaptiveRounding()
    }
  }
}
