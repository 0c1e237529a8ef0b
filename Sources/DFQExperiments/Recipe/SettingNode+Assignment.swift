extension SettingNode {
  /// A setting that is written as `key=value`, or as `key.part=value` for a part of one; the value is one of a
  /// recipe, such as `0.5`, `classifier`, `[3, 4]` or `{groups: {easyShare: 0.3}}`.
  ///
  /// Errors name the place.
  ///
  /// - Throws: ``RecipeError``.
  public static func assignment(
    _ text: String, at place: RecipePlace
  ) throws -> (key: String, node: SettingNode) {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let keys = halves[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard halves.count == 2, keys.allSatisfy({ !$0.isEmpty }) else {
      throw RecipeError.badValue(place: place, expected: "KEY=VALUE", found: "\"\(text)\"")
    }
    let written = String(halves[1])
    let isEmpty = written.allSatisfy { $0 == " " }
    let value =
      isEmpty
      ? SettingNode(.null, at: place) : try SettingNode.written(written, at: place)
    let node = keys.dropFirst().reversed().reduce(value) {
      SettingNode(.map([($1, $0)]), at: place)
    }
    return (keys[0], node)
  }

  /// This node and another, assignment by assignment: maps are joined key by key, also those with one key, and
  /// everything else is replaced.
  func joined(with other: SettingNode) -> SettingNode {
    guard case .map = value, case .map(let pairs) = other.value else { return other }
    return pairs.reduce(self) { joined, pair in
      joined.setting(
        pair.key, to: joined[pair.key].map { $0.joined(with: pair.node) } ?? pair.node)
    }
  }

  /// A value as it is written in a recipe.
  static func written(_ text: String, at place: RecipePlace) throws -> SettingNode {
    do {
      return try RecipeDocument.read(text).moved(to: place)
    } catch RecipeError.syntax(_, let reason) {
      throw RecipeError.badValue(
        place: place, expected: "a value as in recipes", found: "\"\(text)\" (\(reason))")
    }
  }

  /// The node and all inside of it at one place.
  private func moved(to place: RecipePlace) -> SettingNode {
    switch value {
    case .list(let list): SettingNode(.list(list.map { $0.moved(to: place) }), at: place)
    case .map(let pairs):
      SettingNode(.map(pairs.map { ($0.key, $0.node.moved(to: place)) }), at: place)
    default: SettingNode(value, at: place)
    }
  }
}
