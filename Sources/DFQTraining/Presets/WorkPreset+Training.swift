public import DFQEngine

extension WorkPreset {
  /// The settings of the trainer.
  public var training: DynamicTrainer.Configuration {
    switch self {
    case .demo: .demo
    case .reduced: .reduced
    case .full: .full
    }
  }
}
