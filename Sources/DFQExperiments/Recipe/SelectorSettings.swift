public import DynaDFQ

/// Selectors by their names: `perLayer`, or `{kind: perLayer, positions: 8}`, with a variant's settings
/// under `variant`.
///
/// In names, case, spaces and hyphens do not count.
public enum SelectorSettings {
  /// The selector of a name, with settings by theirs as recipes have them.
  ///
  /// - Throws: ``RecipeError`` for a name or setting that does not exist or is out of bounds.
  public static func selector(
    named name: String, settings: [(key: String, node: SettingNode)] = []
  ) throws -> BitSelector {
    let place = RecipePlace(line: 0, path: name)
    let own = SettingNode(.map(settings.map { ($0.key, $0.node) }), at: place)
    return try selector(own.setting("kind", to: SettingNode(.text(name), at: place)))
  }

  static func selector(_ node: SettingNode) throws -> BitSelector {
    let name = node.text ?? node["kind"]?.text ?? ""
    guard let known = MethodCatalogue.selectors.first(where: { type(of: $0).isCalled(name) })
    else {
      throw RecipeError.unknownName(
        place: node.place, what: "selector", name: name.isEmpty ? node.summary : name,
        nearest: NearestName.of(name, among: MethodCatalogue.selectors.map { type(of: $0).kind }))
    }
    var settings = try start(known, variant: node["variant"], at: node.place)
    if case .map = node.value {
      settings = settings.overlaid(
        by: node.setting("kind", to: nil).setting("variant", to: nil))
    }
    let kind = SettingNode(.text(type(of: known).kind), at: node.place)
    let coded = SettingNode(.map([("kind", kind), ("settings", settings)]), at: node.place)
    do {
      return try StrictDecoder.decode(BitSelector.self, from: coded)
    } catch let error as QuantizationError {
      throw RecipeError.badValue(
        place: node.place, expected: "a selector that can be used", found: "\(error)")
    }
  }

  /// The settings that others lie over: those of the list, or of a variant.
  private static func start<Decider: BitDecider>(
    _ listed: Decider, variant: SettingNode?, at place: RecipePlace
  ) throws -> SettingNode {
    guard let variant else { return try .defaults(listed, at: place) }
    let variants = Decider.variants
    guard let found = variants[variant.text ?? ""] else {
      throw RecipeError.unknownName(
        place: variant.place, what: "variant of \(Decider.kind)",
        name: variant.text ?? variant.summary,
        nearest: NearestName.of(variant.text ?? "", among: variants.keys.sorted()))
    }
    return try .defaults(found, at: place)
  }
}
