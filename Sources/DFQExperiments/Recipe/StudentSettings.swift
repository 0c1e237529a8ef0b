public import DynaDFQ

/// How a student is made from a teacher and synthetic images.
public struct StudentSettings: Sendable {
  /// How weights and activations are quantized.
  public var quantizer: Quantizer
  /// How the bits are dealt to layers; nil for the quantizer's own.
  public var allocation: AllocationSettings?
  /// How bits are chosen; nil for a static student.
  public var selector: BitSelector?
  /// What is done with the network before it is quantized.
  public var transforms: [any DataFreeTransform]
  /// The losses.
  public var objectives: [any StudentObjective]
  /// What is done with the gradient of the weights and with the optimizer's steps.
  public var updates: [any UpdateRule]
  /// The settings of the training, with budget and seed.
  public var training: DynamicTrainer.Configuration

  /// Whether bits may depend on the image.
  public var isDynamic: Bool {
    quantizer.activationBits.count > 1
      || quantizer.overrides.contains { ($0.activationBits?.count ?? 1) > 1 }
  }

  /// The trainer that makes the student.
  public func trainer(_ teacher: Network, context: ExecutionContext) -> DynamicTrainer {
    DynamicTrainer(
      teacher: teacher, quantizer: quantizer, selector: selector, transforms: transforms,
      objectives: objectives, updates: updates, configuration: training,
      context: context)
  }
}

/// A student of a recipe, decoded.
struct StudentEntry {
  let name: String
  /// The image sets it is trained on; nil for all.
  let images: [String]?
  /// The networks it is made of; nil for all.
  let networks: [String]?
  let settings: StudentSettings

  private struct Own: Decodable {
    let name: SettingNode
    let images: OneOrMany<String>?
    let networks: OneOrMany<String>?
    let preset: WorkPreset?
    let weightBits: Int
    let activationBits: OneOrMany<Int>
    let quantizer: SettingNode?
    let allocation: SettingNode?
    let selector: SettingNode?
    let transforms: SettingNode?
    let budget: Double?
    let seed: UInt64?
    let training: SettingNode?
    let objectives: [SettingNode]?
    let updates: SettingNode?
  }

  init(_ entry: SettingNode, seed: UInt64) throws {
    let own = try StrictDecoder.decode(Own.self, from: entry)
    name = try Recipe.name(of: entry)
    images = own.images?.values
    networks = own.networks?.values
    let quantizer = try StudentEntry.quantizer(
      own.quantizer, weightBits: own.weightBits, activationBits: own.activationBits.values, entry)
    var settings = StudentSettings(
      quantizer: quantizer, allocation: nil, selector: nil, transforms: [],
      objectives: .standard, updates: [], training: .init())
    settings.training = try StudentEntry.training(
      own.training, preset: (own.preset ?? .reduced).training, entry)
    settings.training.seed = own.seed ?? seed
    settings.training.budget = own.budget
    if settings.isDynamic {
      let selector = try own.selector.map { try SelectorSettings.selector($0) }
      settings.selector = selector ?? BitSelector(.perLayer)
      let candidates = quantizer.activationBits
      if own.budget == nil, settings.selector?.decider.learning == .gradient {
        settings.training.budget = Double(candidates[candidates.count / 2])
      }
    } else {
      for key in ["selector", "budget"] {
        guard let node = entry[key] else { continue }
        throw RecipeError.badValue(
          place: node.place, expected: "no \(key) of a static student", found: node.summary)
      }
    }
    if let node = own.allocation {
      settings.allocation = try StudentEntry.allocation(node, isDynamic: settings.isDynamic)
    }
    if let node = own.transforms { settings.transforms = try TransformSettings.transforms(node) }
    if let list = own.objectives {
      settings.objectives = try list.map { try StudentEntry.objective($0) }
    }
    if let node = own.updates { settings.updates = try UpdateSettings.rules(node) }
    self.settings = settings
  }

  /// `true` for the default candidates, or settings.
  private static func allocation(
    _ node: SettingNode, isDynamic: Bool
  ) throws -> AllocationSettings {
    func bad(_ expected: String, _ found: String) -> RecipeError {
      .badValue(place: node.place, expected: expected, found: found)
    }
    guard !isDynamic else { throw bad("no allocation of a dynamic student", node.summary) }
    if case .bool(true) = node.value { return AllocationSettings() }
    guard case .map = node.value else {
      throw bad("true, or settings of the allocation", node.summary)
    }
    if node["share"] != nil, let cost = node["bitOPs"] {
      throw RecipeError.badValue(
        place: cost.place, expected: "a share or bitOPs and not both", found: cost.summary)
    }
    let settings = try StrictDecoder.decode(
      AllocationSettings.self,
      from: SettingNode.defaults(AllocationSettings(), at: node.place).overlaid(by: node))
    do {
      try settings.check()
    } catch {
      throw bad("an allocation that can be made", "\(error)")
    }
    return settings
  }

  /// `learned`, `family`, or settings that lie over those of the learned quantizer or of a `kind`.
  private static func quantizer(
    _ node: SettingNode?, weightBits: Int, activationBits: [Int], _ entry: SettingNode
  ) throws -> Quantizer {
    let kind = node?.text ?? node?["kind"]?.text ?? "learned"
    let base: Quantizer
    switch kind {
    case "learned": base = Quantizer(weightBits: weightBits, activationBits: activationBits)
    case "family": base = .family(weightBits: weightBits, activationBits: activationBits)
    default:
      throw RecipeError.unknownName(
        place: node?.place ?? entry.place, what: "quantizer", name: kind,
        nearest: NearestName.of(kind, among: ["learned", "family"]))
    }
    var quantizer = base
    if let node, case .map(let pairs) = node.value {
      for key in ["weightBits", "activationBits"] {
        if let twice = node[key] {
          throw RecipeError.badValue(
            place: twice.place, expected: "\(key) beside the quantizer and not in it",
            found: twice.summary)
        }
      }
      var over = SettingNode(.map(pairs), at: node.place).setting("kind", to: nil)
      if let rounding = over["rounding"] {
        over = over.setting("rounding", to: try TransformSettings.coded(rounding))
      }
      if let rules = over["overrides"], case .list(let list) = rules.value {
        // A rule quantizes unless it says otherwise.
        let full = list.map {
          $0["ignored"] == nil
            ? $0.setting("ignored", to: .init(.bool(false), at: $0.place)) : $0
        }
        over = over.setting("overrides", to: .init(.list(full), at: rules.place))
      }
      quantizer = try StrictDecoder.decode(
        Quantizer.self, from: SettingNode.defaults(base, at: node.place).overlaid(by: over))
    }
    do {
      try quantizer.check()
    } catch {
      throw RecipeError.badValue(
        place: entry.place, expected: "a quantizer that can be used", found: "\(error)")
    }
    return quantizer
  }

  private static func training(
    _ node: SettingNode?, preset: DynamicTrainer.Configuration, _ entry: SettingNode
  ) throws -> DynamicTrainer.Configuration {
    guard let node else { return preset }
    for key in ["budget", "seed"] {
      if let child = node[key] {
        throw RecipeError.badValue(
          place: child.place, expected: "\(key) beside training and not in it",
          found: child.summary)
      }
    }
    guard case .map = node.value else {
      throw RecipeError.badValue(
        place: node.place, expected: "settings of the training", found: node.summary)
    }
    return try StrictDecoder.decode(
      DynamicTrainer.Configuration.self,
      from: SettingNode.defaults(preset, at: node.place).overlaid(by: node))
  }

  /// An objective by its kind, with settings beside it: `{kind: distillation, weight: 1000}`; they lie over
  /// those of a `variant` where one is named.
  static func objective(_ node: SettingNode) throws -> any StudentObjective {
    func read<Objective: StudentObjective>(
      over defaults: Objective
    ) throws -> any StudentObjective { try node.method(over: defaults) }
    let kind = node.text ?? node["kind"]?.text
    guard let known = MethodCatalogue.objectives.first(where: { type(of: $0).kind == kind }) else {
      throw RecipeError.unknownName(
        place: node.place, what: "kind of objective", name: kind ?? node.summary,
        nearest: NearestName.of(
          kind ?? "", among: MethodCatalogue.objectives.map { type(of: $0).kind }))
    }
    return try read(over: known)
  }
}
