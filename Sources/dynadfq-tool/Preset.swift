import ArgumentParser
import DynaDFQ

/// How much work a command does by default.
typealias Preset = WorkPreset

extension WorkPreset: @retroactive ExpressibleByArgument {
  /// What the presets take for a setting of the synthesizer, for help: "demo 256, reduced 512".
  static func synthesis(_ value: (SoftLabelSynthesizer.Configuration) -> some Equatable) -> String {
    words(allCases.map { "\(value($0.synthesis))" })
  }

  /// What the presets take for a setting of the trainer.
  static func training(_ value: (DynamicTrainer.Configuration) -> some Equatable) -> String {
    words(allCases.map { "\(value($0.training))" })
  }

  /// What the presets take for a setting of adaptive rounding.
  static func rounding(_ value: (AdaptiveRounding) -> some Equatable) -> String {
    words(allCases.map { "\(value($0.adaptiveRounding))" })
  }

  private static func words(_ values: [String]) -> String {
    guard Set(values).count > 1 else { return "(default: \(values[0]))" }
    let pairs = zip(allCases, values).map { "\($0.rawValue) \($1)" }
    return "(preset: \(pairs.joined(separator: ", ")))"
  }

  static let help = ArgumentHelp(
    "How much work.",
    discussion: """
      For a CIFAR ResNet-20 on two cores: demo takes less than a minute, reduced about three \
      minutes, full (the published amount of work) about three hours.
      """)
}
