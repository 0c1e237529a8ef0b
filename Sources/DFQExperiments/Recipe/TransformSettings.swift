public import DynaDFQ

/// Data-free transforms and ways of rounding by their names: `equalization`, or
/// `{kind: udfc, pruning: 0.3}`.
///
/// `nagel` stands for the three transforms of its paper. In names, case, spaces and hyphens do not
/// count.
public enum TransformSettings {
  private static let nagel = "nagel"

  /// The transforms of a name, with settings by theirs as recipes have them.
  ///
  /// - Throws: ``RecipeError`` for a name or setting that does not exist or is out of bounds.
  public static func transforms(
    named name: String, settings: [(key: String, node: SettingNode)] = []
  ) throws -> [any DataFreeTransform] {
    let place = RecipePlace(line: 0, path: name)
    let own = SettingNode(.map(settings.map { ($0.key, $0.node) }), at: place)
    return try transforms(own.setting("kind", to: SettingNode(.text(name), at: place)))
  }

  /// The transforms of one value or of a list.
  static func transforms(_ node: SettingNode) throws -> [any DataFreeTransform] {
    if case .list(let list) = node.value { return try list.flatMap { try transforms($0) } }
    let name = node.text ?? node["kind"]?.text ?? ""
    var settings = SettingNode(.map([]), at: node.place)
    if case .map = node.value { settings = node.setting("kind", to: nil) }
    if name == nagel, settings.keys.isEmpty { return .nagel }
    guard let known = MethodCatalogue.transforms.first(where: { type(of: $0).isCalled(name) })
    else {
      throw RecipeError.unknownName(
        place: node.place, what: "transform", name: name.isEmpty ? node.summary : name,
        nearest: NearestName.of(
          name, among: MethodCatalogue.transforms.map { type(of: $0).kind } + [nagel]))
    }
    return [try read(known, settings)]
  }

  private static func read<Transform: DataFreeTransform>(
    _ defaults: Transform, _ settings: SettingNode
  ) throws -> any DataFreeTransform {
    let base = try SettingNode.defaults(defaults, at: settings.place)
    let transform = try StrictDecoder.decode(Transform.self, from: base.joined(with: settings))
    do {
      try transform.check()
    } catch {
      throw RecipeError.badValue(
        place: settings.place, expected: "a transform that can be used", found: "\(error)")
    }
    return transform
  }

  /// The way of rounding of a name, with its default settings.
  ///
  /// - Throws: ``RecipeError/unknownName(place:what:name:nearest:)``.
  public static func rounding(named name: String) throws -> Rounding {
    Rounding(try rounding(name, at: RecipePlace(line: 0, path: name)))
  }

  private static func rounding(
    _ name: String, at place: RecipePlace
  ) throws -> any WeightRounding {
    guard let known = MethodCatalogue.roundings.first(where: { type(of: $0).isCalled(name) })
    else {
      throw RecipeError.unknownName(
        place: place, what: "rounding", name: name,
        nearest: NearestName.of(name, among: MethodCatalogue.roundings.map { type(of: $0).kind }))
    }
    return known
  }

  /// A way of rounding by its name, `squant`, as the quantizer reads it; other values as they are.
  static func coded(_ node: SettingNode) throws -> SettingNode {
    guard let name = node.text else { return node }
    return try .defaults(Rounding(rounding(name, at: node.place)), at: node.place)
  }
}
