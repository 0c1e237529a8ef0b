import DynaDFQ

/// An image set of a recipe, decoded.
struct ImagesEntry {
  let name: String
  /// The networks it is made from; nil for all.
  let networks: [String]?
  let settings: ImageSettings

  private struct Noise: Decodable {
    let name: String
    let method: String
    let networks: OneOrMany<String>?
    let preset: WorkPreset?
    let seed: UInt64?
    let count: Int?
  }

  private struct Own: Decodable {
    let name: String
    let method: String?
    let networks: OneOrMany<String>?
    let preset: WorkPreset?
    let variant: String?
    let seed: UInt64?
  }

  /// Decodes an entry: keys of the entry itself, of a configuration and of its method lie side by side.
  init(_ entry: SettingNode, seed: UInt64) throws {
    name = try Recipe.name(of: entry)
    let method = entry["method"]?.text ?? SoftLabelMethod.kind
    if let known = MethodCatalogue.synthesis.first(where: { type(of: $0).isCalled(method) }) {
      (networks, settings) = try ImagesEntry.synthesis(known, entry, seed: seed)
    } else if let known = MethodCatalogue.generators.first(where: { type(of: $0).isCalled(method) })
    {
      (networks, settings) = try ImagesEntry.generator(known, entry, seed: seed)
    } else if method == "noise" {
      let noise = try StrictDecoder.decode(Noise.self, from: entry)
      networks = noise.networks?.values
      let count = noise.count ?? (noise.preset ?? .reduced).synthesis.count
      settings = .noise(count: count, seed: noise.seed ?? seed)
    } else {
      let known =
        MethodCatalogue.synthesis.map { type(of: $0).kind }
        + MethodCatalogue.generators.map { type(of: $0).kind } + ["noise"]
      throw RecipeError.unknownName(
        place: entry["method"]?.place ?? entry.place, what: "method of synthesis", name: method,
        nearest: NearestName.of(method, among: known))
    }
  }

  /// The published settings of a method, or those of the variant that the entry names.
  private static func published<Method: CataloguedMethod>(
    _ method: Method, _ entry: SettingNode
  ) throws -> Method {
    guard let node = entry["variant"] else { return method }
    guard let variant = node.text.flatMap({ Method.variants[$0] }) else {
      throw RecipeError.unknownName(
        place: node.place, what: "variant of \(Method.kind)", name: node.text ?? node.summary,
        nearest: NearestName.of(node.text ?? "", among: Method.variants.keys.sorted()))
    }
    return variant
  }

  /// A synthesizer's run and its method's settings, over defaults.
  private static func synthesis<Method: SynthesisMethod>(
    _ known: Method, _ entry: SettingNode, seed: UInt64
  ) throws -> (networks: [String]?, settings: ImageSettings) {
    let run = try SettingNode.defaults(Method.work(.of(entry)), at: entry.place)
    let method = try SettingNode.defaults(published(known, entry), at: entry.place)
    let parts = try parts(
      of: entry, run: StrictDecoder.keys(of: Synthesizer.Configuration.self, in: run),
      method: StrictDecoder.keys(of: Method.self, in: method))
    let own = try StrictDecoder.decode(Own.self, from: .init(.map(parts.own), at: entry.place))
    var decodedRun = try StrictDecoder.decode(
      Synthesizer.Configuration.self,
      from: run.overlaid(by: .init(.map(parts.run), at: entry.place)))
    decodedRun.seed = own.seed ?? seed
    // Labels of one kind do not inherit settings of the preset's kind.
    let hasStrategy = method["labels"]?["kind"] != nil
    let labels = try parts.method.map {
      ($0.key, $0.key == "labels" && hasStrategy ? try ImagesEntry.labels($0.node) : $0.node)
    }
    let isReplaced = hasStrategy && labels.contains { $0.0 == "labels" }
    let base = isReplaced ? method.setting("labels", to: nil) : method
    let decodedMethod = try StrictDecoder.decode(
      Method.self, from: base.overlaid(by: .init(.map(labels), at: entry.place)))
    return (own.networks?.values, .synthesis(decodedMethod, decodedRun))
  }

  /// A generator's configuration over that of a preset, and its method's settings.
  private static func generator<Method: GeneratorMethod>(
    _ method: Method, _ entry: SettingNode, seed: UInt64
  ) throws -> (networks: [String]?, settings: ImageSettings) {
    let run = try SettingNode.defaults(Method.work(.of(entry)), at: entry.place)
    let defaults = try SettingNode.defaults(published(method, entry), at: entry.place)
    let parts = try parts(
      of: entry, run: StrictDecoder.keys(of: GeneratorSource.Configuration.self, in: run),
      method: StrictDecoder.keys(of: Method.self, in: defaults))
    let own = try StrictDecoder.decode(Own.self, from: .init(.map(parts.own), at: entry.place))
    var configuration = try StrictDecoder.decode(
      GeneratorSource.Configuration.self,
      from: run.overlaid(by: .init(.map(parts.run), at: entry.place)))
    configuration.seed = own.seed ?? seed
    let settings = try StrictDecoder.decode(
      Method.self, from: defaults.overlaid(by: .init(.map(parts.method), at: entry.place)))
    return (own.networks?.values, .generator(settings, configuration))
  }

  private typealias Pair = (key: String, node: SettingNode)

  /// The keys of an entry that are its own, those of a configuration and those of a method.
  private static func parts(
    of entry: SettingNode, run: Set<String>, method: Set<String>
  ) throws -> (own: [Pair], run: [Pair], method: [Pair]) {
    let own = ["name", "method", "networks", "preset", "variant", "seed"]
    var parts = (own: [Pair](), run: [Pair](), method: [Pair]())
    guard case .map(let pairs) = entry.value else { preconditionFailure("entries are maps") }
    for (key, node) in pairs {
      if own.contains(key) {
        parts.own.append((key, node))
      } else if run.contains(key) {
        parts.run.append((key, node))
      } else if method.contains(key) {
        parts.method.append((key, node))
      } else {
        throw RecipeError.unknownKey(
          place: node.place, key: key,
          nearest: NearestName.of(key, among: run.union(method).union(own)))
      }
    }
    return parts
  }

  /// Labels by their kind alone, or a mapping of one kind to settings: `groups` or
  /// `{groups: {easyShare: 0.3}}`.
  private static func labels(_ node: SettingNode) throws -> SettingNode {
    let strategies: [(kind: String, defaults: SettingNode)] = try MethodCatalogue.labels.map {
      (type(of: $0).kind, try .defaults($0, at: node.place))
    }
    let kind = node.text ?? (node.keys.count == 1 ? node.keys[0] : nil)
    guard let kind, let known = strategies.first(where: { $0.kind == kind }) else {
      throw RecipeError.unknownName(
        place: node.place, what: "kind of labels", name: kind ?? node.summary,
        nearest: NearestName.of(kind ?? "", among: strategies.map(\.kind)))
    }
    let settings = node[kind].map { known.defaults.overlaid(by: $0) } ?? known.defaults
    return SettingNode(
      .map([("kind", .init(.text(kind), at: node.place)), ("settings", settings)]),
      at: node.place)
  }
}
