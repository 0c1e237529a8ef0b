import DynaDFQ

/// Selectors by their kind: `perLayer`, or `{kind: perLayer, positions: 8}`.
enum SelectorSettings {
  static func selector(_ node: SettingNode) throws -> BitSelector {
    let kind = node.text ?? node["kind"]?.text ?? ""
    guard let known = MethodCatalogue.selectors.first(where: { type(of: $0).kind == kind }) else {
      throw RecipeError.unknownName(
        place: node.place, what: "selector", name: kind.isEmpty ? node.summary : kind,
        nearest: NearestName.of(kind, among: MethodCatalogue.selectors.map { type(of: $0).kind }))
    }
    var settings = try SettingNode.defaults(known, at: node.place)
    if case .map = node.value { settings = settings.overlaid(by: node.setting("kind", to: nil)) }
    let coded = SettingNode(
      .map([("kind", .init(.text(kind), at: node.place)), ("settings", settings)]), at: node.place)
    do {
      return try StrictDecoder.decode(BitSelector.self, from: coded)
    } catch let error as QuantizationError {
      throw RecipeError.badValue(
        place: node.place, expected: "a selector that can be used", found: "\(error)")
    }
  }
}
