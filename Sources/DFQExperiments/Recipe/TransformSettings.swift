import DynaDFQ

/// Data-free transforms by their kind: `equalization`, or `{kind: udfc, pruning: 0.3}`.
///
/// `nagel` stands for the three transforms of its paper.
enum TransformSettings {
  private static let nagel = "nagel"

  /// The transforms of one value or of a list.
  static func transforms(_ node: SettingNode) throws -> [any DataFreeTransform] {
    if case .list(let list) = node.value { return try list.flatMap { try transforms($0) } }
    if node.text == nagel { return .nagel }
    return [try transform(node)]
  }

  private static func transform(_ node: SettingNode) throws -> any DataFreeTransform {
    func read<Transform: DataFreeTransform>(_ defaults: Transform) throws -> any DataFreeTransform {
      var settings = try SettingNode.defaults(defaults, at: node.place)
      if case .map = node.value {
        settings = settings.overlaid(by: node.setting("kind", to: nil))
      }
      let transform = try StrictDecoder.decode(Transform.self, from: settings)
      do {
        try transform.check()
      } catch {
        throw RecipeError.badValue(
          place: node.place, expected: "a transform that can be used", found: "\(error)")
      }
      return transform
    }
    let kind = node.text ?? node["kind"]?.text
    switch kind {
    case ReLU6Replacement.kind?: return try read(ReLU6Replacement())
    case Equalization.kind?: return try read(Equalization())
    case BiasAbsorption.kind?: return try read(BiasAbsorption())
    case BiasCorrection.kind?: return try read(BiasCorrection())
    case SPIQ.kind?: return try read(SPIQ())
    case UDFC.kind?: return try read(UDFC())
    default:
      let known = [
        ReLU6Replacement.kind, Equalization.kind, BiasAbsorption.kind, BiasCorrection.kind,
        SPIQ.kind, UDFC.kind, nagel,
      ]
      throw RecipeError.unknownName(
        place: node.place, what: "transform", name: kind ?? node.summary,
        nearest: NearestName.of(kind ?? "", among: known))
    }
  }

  /// A way of rounding by its kind, `squant`, as the quantizer reads it; other values as they are.
  static func coded(_ node: SettingNode) -> SettingNode {
    guard node.text != nil else { return node }
    let settings = SettingNode(.map([]), at: node.place)
    return SettingNode(.map([("kind", node), ("settings", settings)]), at: node.place)
  }
}
