import DynaDFQ

/// Evaluations as they are written, and those that they stand for.
extension Recipe {
  /// The evaluations; one whose corruption lists kinds or strengths stands for one of each, and the
  /// name of each corrupted one ends in its corruption: `test, jpeg 3`.
  static func evaluations(
    _ written: [SettingNode], of list: SettingNode?
  ) throws -> [EvaluationEntry] {
    let entries = try entries(written, of: list).flatMap(corruptions)
    guard entries.count <= entryLimit else {
      throw RecipeError.tooLarge(
        what: list?.place.path ?? "evaluations", limit: entryLimit, found: entries.count)
    }
    return try entries.map { try StrictDecoder.decode(EvaluationEntry.self, from: $0) }
  }

  private static func corruptions(_ entry: SettingNode) throws -> [SettingNode] {
    guard let corruption = entry["corruption"] else { return [entry] }
    guard let kind = corruption["kind"], let strength = corruption["strength"] else {
      // The decoder says what is missing.
      return [entry]
    }
    let name = try name(of: entry)
    return values(kind).flatMap { kind in
      values(strength).map { strength in
        let own = corruption.setting("kind", to: kind).setting("strength", to: strength)
        return entry.setting("corruption", to: own).setting(
          "name",
          to: SettingNode(.text("\(name), \(kind.plain) \(strength.plain)"), at: entry.place))
      }
    }
  }

  private static func values(_ node: SettingNode) -> [SettingNode] {
    if case .list(let list) = node.value { return list }
    return [node]
  }
}
