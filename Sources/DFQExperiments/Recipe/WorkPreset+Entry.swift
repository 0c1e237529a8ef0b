import DynaDFQ

extension WorkPreset {
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
