public import DFQSynthesis

/// How much work synthesis and training do: amounts that belong together.
public enum WorkPreset: String, Sendable, Codable, CaseIterable {
  /// About a minute together on two cores: for demonstrations.
  case demo
  /// About a twentieth of the published amount of work.
  case reduced
  /// The published amount of work.
  case full

  /// The settings of the synthesizer.
  public var synthesis: SoftLabelSynthesizer.Configuration {
    switch self {
    case .demo: .demo
    case .reduced: .reduced
    case .full: .full
    }
  }

  /// The settings of a generator that is trained beside the student.
  public var generator: GeneratorSource.Configuration {
    switch self {
    case .demo: .demo
    case .reduced: .reduced
    case .full: .full
    }
  }

  /// The settings of the trainer.
  public var training: DynamicTrainer.Configuration {
    switch self {
    case .demo: .demo
    case .reduced: .reduced
    case .full: .full
    }
  }
}
