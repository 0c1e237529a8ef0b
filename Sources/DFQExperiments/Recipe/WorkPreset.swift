import DynaDFQ

/// How much work an entry does where it does not say otherwise; the presets of the library.
enum WorkPreset: String, Decodable, Sendable, CaseIterable {
  case demo, reduced, full

  var synthesis: SoftLabelSynthesizer.Configuration {
    switch self {
    case .demo: .demo
    case .reduced: .reduced
    case .full: .full
    }
  }

  var training: DynamicTrainer.Configuration {
    switch self {
    case .demo: .demo
    case .reduced: .reduced
    case .full: .full
    }
  }

  /// The preset of an entry, `reduced` where it names none.
  static func of(_ entry: SettingNode) throws -> WorkPreset {
    guard let node = entry["preset"] else { return .reduced }
    guard let preset = node.text.flatMap({ WorkPreset(rawValue: $0) }) else {
      throw RecipeError.badValue(
        place: node.place, expected: "demo, reduced or full", found: node.summary)
    }
    return preset
  }
}
