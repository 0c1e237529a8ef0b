public import DFQEngine

extension WorkPreset {
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
}
