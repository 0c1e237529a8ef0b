public import DynaDFQ

/// Rules of a student's updates by their names: `gradient inundation`, or
/// `{kind: gradient inundation, variant: officialCode, share: 0.002}`.
///
/// In names, case, spaces and hyphens do not count.
public enum UpdateSettings {
  /// The rule of a name, with settings by theirs as recipes have them.
  ///
  /// - Throws: ``RecipeError`` for a name or setting that does not exist or is out of bounds.
  public static func rule(
    named name: String, settings: [(key: String, node: SettingNode)] = []
  ) throws -> any UpdateRule {
    let place = RecipePlace(line: 0, path: name)
    let own = SettingNode(.map(settings.map { ($0.key, $0.node) }), at: place)
    return try rule(own.setting("kind", to: SettingNode(.text(name), at: place)))
  }

  /// The rules of one value or of a list.
  static func rules(_ node: SettingNode) throws -> [any UpdateRule] {
    if case .list(let list) = node.value { return try list.map { try rule($0) } }
    return [try rule(node)]
  }

  private static func rule(_ node: SettingNode) throws -> any UpdateRule {
    let name = node.text ?? node["kind"]?.text ?? ""
    guard let known = MethodCatalogue.updates.first(where: { type(of: $0).isCalled(name) }) else {
      throw RecipeError.unknownName(
        place: node.place, what: "rule of updates", name: name.isEmpty ? node.summary : name,
        nearest: NearestName.of(name, among: MethodCatalogue.updates.map { type(of: $0).kind }))
    }
    return try read(known, node)
  }

  private static func read<Rule: UpdateRule>(
    _ defaults: Rule, _ node: SettingNode
  ) throws -> any UpdateRule {
    let rule = try node.method(over: defaults)
    do {
      try rule.check()
    } catch {
      throw RecipeError.badValue(
        place: node.place, expected: "a rule that can be used", found: "\(error)")
    }
    return rule
  }
}

extension SettingNode {
  /// A method that is given by its name alone, or by its `kind` with settings, which lie over its defaults
  /// or over those of a `variant`.
  func method<Method: CataloguedMethod & Decodable>(over defaults: Method) throws -> Method {
    var (base, settings) = (defaults, SettingNode(.map([]), at: place))
    if case .map = value { settings = setting("kind", to: nil).setting("variant", to: nil) }
    if let node = self["variant"] {
      guard let variant = node.text.flatMap({ Method.variants[$0] }) else {
        throw RecipeError.unknownName(
          place: node.place, what: "variant of \(Method.kind)", name: node.text ?? node.summary,
          nearest: NearestName.of(node.text ?? "", among: Method.variants.keys.sorted()))
      }
      base = variant
    }
    return try StrictDecoder.decode(
      Method.self, from: SettingNode.defaults(base, at: place).joined(with: settings))
  }
}
