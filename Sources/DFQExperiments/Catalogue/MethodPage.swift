import DynaDFQ

/// What the catalogue shows of one method: its line, its settings by both presets, and its variants.
public struct MethodPage: Sendable, Encodable {
  /// A setting with its value at the published amount of work and at the reduced one.
  public struct Setting: Sendable, Encodable {
    /// The name, as in a recipe; parts of a setting behind dots.
    public let name: String
    /// The published value.
    public let published: String
    /// The value of the preset `reduced`.
    public let reduced: String
  }

  /// The method's line.
  public let entry: MethodEntry
  /// The settings of the method.
  public let settings: [Setting]
  /// The settings of the run or of the generator; empty for what does not make images.
  public let work: [Setting]
  /// What other settings change, by their name and the setting's.
  public let variants: [String: [String: String]]

  /// The page of a method by its name; case, spaces, hyphens and underscores do not count.
  ///
  /// - Throws: ``RecipeError/unknownName(place:what:name:nearest:)``, and what encoding throws.
  public init(named name: String) throws {
    guard let found = MethodCatalogue.all.first(where: { type(of: $0.method).isCalled(name) })
    else {
      throw RecipeError.unknownName(
        place: RecipePlace(line: 0, path: "methods"), what: "method", name: name,
        nearest: NearestName.of(name, among: MethodEntry.all.map(\.name)))
    }
    self = try MethodPage.page(found.part, found.method)
  }

  /// The pages of all methods.
  ///
  /// - Throws: What encoding throws.
  public static func all() throws -> [MethodPage] {
    var pages: [MethodPage] = []
    for (part, method) in MethodCatalogue.all { pages.append(try page(part, method)) }
    return pages
  }

  private static func page<Method: CataloguedMethod>(
    _ part: MethodCatalogue.Part, _ method: Method
  ) throws -> MethodPage {
    try MethodPage(part, method)
  }

  private init<Method: CataloguedMethod>(_ part: MethodCatalogue.Part, _ method: Method) throws {
    entry = MethodEntry(part, method)
    let own = try MethodPage.values(of: method)
    settings = own.map { Setting(name: $0.name, published: $0.value, reduced: $0.value) }
    let published = Dictionary(uniqueKeysWithValues: own.map { ($0.name, $0.value) })
    variants = try Method.variants.mapValues { variant in
      Dictionary(
        uniqueKeysWithValues: try MethodPage.values(of: variant)
          .filter { published[$0.name] != $0.value }.map { ($0.name, $0.value) })
    }
    let presets = try [WorkPreset.full, .reduced].map { try MethodPage.work(Method.self, $0) }
    work = zip(presets[0], presets[1]).map {
      Setting(name: $0.name, published: $0.value, reduced: $1.value)
    }
  }

  private typealias Value = (name: String, value: String)

  private static func work(_ type: any CataloguedMethod.Type, _ preset: WorkPreset) throws
    -> [Value]
  {
    let tree: JSONTree
    if let type = type as? any SynthesisMethod.Type {
      tree = try JSONTree(encoding: type.work(preset))
    } else if let type = type as? any GeneratorMethod.Type {
      tree = try JSONTree(encoding: type.work(preset))
    } else {
      return []
    }
    return flat(tree, "").filter { $0.name != "seed" }
  }

  /// The settings of a method by name, those without a value included.
  private static func values<Method: CataloguedMethod>(of method: Method) throws -> [Value] {
    var values = flat(try JSONTree(encoding: method), "")
    if let type = Method.self as? any Decodable.Type {
      let node = try SettingNode.defaults(method, at: RecipePlace(line: 0, path: Method.kind))
      for key in try StrictDecoder.keys(of: type, in: node).sorted() where node[key] == nil {
        values.append((key, "none"))
      }
    }
    return values.sorted { $0.name < $1.name }
  }

  /// A tree's values with the names that recipes have for them: a strategy's kind leads to its settings, and
  /// a case without values is its name.
  private static func flat(_ tree: JSONTree, _ name: String) -> [Value] {
    func inner(_ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }
    switch tree {
    case .string(let text): return [(name, text)]
    case .object(let fields):
      if case .string(let kind)? = fields["kind"], let settings = fields["settings"] {
        if settings == .object([:]) { return [(name, kind)] }
        return flat(settings, inner(kind))
      }
      if fields.count == 1, let only = fields.first, only.value == .object([:]) {
        return [(name, only.key)]
      }
      return fields.sorted { $0.key < $1.key }.flatMap { flat($0.value, inner($0.key)) }
    case .null, .bool, .number, .array: return [(name, tree.text)]
    }
  }
}
