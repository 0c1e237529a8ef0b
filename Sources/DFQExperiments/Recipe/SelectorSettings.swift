import DynaDFQ

/// Selectors by their kind: `perLayer`, or `{kind: perLayer, positions: 8}`.
enum SelectorSettings {
  static let kinds = [
    PerLayerSelector.kind, PerImageSelector.kind, MarginCascade.kind, SensitivitySelector.kind,
  ]

  static func selector(_ node: SettingNode) throws -> BitSelector {
    let kind = node.text ?? node["kind"]?.text
    let defaults: SettingNode?
    switch kind {
    case PerLayerSelector.kind?:
      defaults = try .defaults(BitSelector(.perLayer), at: node.place)["settings"]
    case PerImageSelector.kind?:
      defaults = try .defaults(BitSelector(.perImage), at: node.place)["settings"]
    case MarginCascade.kind?: defaults = nil
    case SensitivitySelector.kind?:
      defaults = try .defaults(BitSelector(SensitivitySelector(.perImage)), at: node.place)[
        "settings"]
    default:
      throw RecipeError.unknownName(
        place: node.place, what: "selector", name: kind ?? node.summary,
        nearest: NearestName.of(kind ?? "", among: kinds))
    }
    var settings = defaults ?? SettingNode(.map([]), at: node.place)
    if case .map = node.value { settings = settings.overlaid(by: node.setting("kind", to: nil)) }
    let coded = SettingNode(
      .map([("kind", .init(.text(kind ?? ""), at: node.place)), ("settings", settings)]),
      at: node.place)
    do {
      return try StrictDecoder.decode(BitSelector.self, from: coded)
    } catch let error as QuantizationError {
      throw RecipeError.badValue(
        place: node.place, expected: "a selector that can be used", found: "\(error)")
    }
  }
}
