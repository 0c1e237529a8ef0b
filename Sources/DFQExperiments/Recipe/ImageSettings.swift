public import DynaDFQ

/// How an image set is made.
public enum ImageSettings: Sendable {
  /// Synthesis by a method.
  case synthesis(any SynthesisMethod, Synthesizer.Configuration)
  /// A generator that learns on beside each student; the stored set is what it makes before.
  case generator(any GeneratorMethod, GeneratorSource.Configuration)
  /// Gaussian noise, as a baseline.
  case noise(count: Int, seed: UInt64)

  /// The number of images, before unfaithful ones are dropped.
  public var count: Int {
    switch self {
    case .synthesis(_, let run): run.count
    case .noise(let count, _): count
    case .generator(_, let configuration): configuration.count
    }
  }

  /// The settings of a method by its name, over those of a preset.
  ///
  /// `settings` may name everything that an image set of a recipe may: settings of the run or of the generator, of
  /// the method, and `variant`.
  ///
  /// - Throws: ``RecipeError`` for a name or setting that is not known; its place is that of the setting's node.
  public init(
    method: String, preset: WorkPreset = .reduced,
    settings: [(key: String, node: SettingNode)] = [], seed: UInt64 = 0
  ) throws {
    let place = RecipePlace(line: 0, path: "method")
    let own = ["name": "images", "method": method, "preset": preset.rawValue]
    for (key, node) in settings where own[key] != nil || key == "seed" || key == "networks" {
      throw RecipeError.unknownKey(place: node.place, key: key, nearest: nil)
    }
    var entry = SettingNode(
      .map(
        own.sorted { $0.key < $1.key }.map { ($0.key, SettingNode(.text($0.value), at: place)) }),
      at: place)
    for (key, node) in settings {
      entry = entry.setting(key, to: entry[key].map { $0.joined(with: node) } ?? node)
    }
    self = try ImagesEntry(entry, seed: seed).settings
  }
}

extension ImageSettings {
  /// The method and settings of a generator; nil for other sets.
  var generator: (any GeneratorMethod, GeneratorSource.Configuration)? {
    guard case .generator(let method, let configuration) = self else { return nil }
    return (method, configuration)
  }

  /// The settings of the run; nil for images that are not synthesized.
  var run: Synthesizer.Configuration? {
    guard case .synthesis(_, let run) = self else { return nil }
    return run
  }

  /// The synthesizer of a network's images, with the settings' own run or another; nil for images that
  /// are not synthesized.
  ///
  /// - Throws: What `Synthesizer` throws.
  func synthesizer(
    _ network: Network, run other: Synthesizer.Configuration? = nil, context: ExecutionContext
  ) throws -> Synthesizer? {
    guard case .synthesis(let method, let run) = self else { return nil }
    return try Synthesizer(
      teacher: network, method: method, configuration: other ?? run, context: context)
  }
}
