import DFQEngine

/// The label strategies that a decoder knows besides those of this package.
///
/// Settings are written with the kind of their label strategy. To read settings with a strategy of
/// your own, name its type:
///
/// ```swift
/// let decoder = JSONDecoder()
/// decoder.userInfo[LabelStrategyTypes.key] = LabelStrategyTypes([OppositePairs.self])
/// ```
public struct LabelStrategyTypes: Sendable {
  /// The key of a decoder's `userInfo`.
  public static let key = CodingUserInfoKey(rawValue: "dynadfq.labelStrategies")!
  /// The types.
  public var types: [any LabelStrategy.Type]

  /// Makes a list of types.
  public init(_ types: [any LabelStrategy.Type]) { self.types = types }

  static let builtIn: [any LabelStrategy.Type] = MethodCatalogue.labels.map { type(of: $0) }
}

/// A label strategy with its kind, as it is written in settings.
struct CodedLabelStrategy: Codable {
  let strategy: any LabelStrategy
  private enum Key: CodingKey { case kind, settings }

  init(_ strategy: any LabelStrategy) { self.strategy = strategy }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let kind = try values.decode(String.self, forKey: .kind)
    let own = (decoder.userInfo[LabelStrategyTypes.key] as? LabelStrategyTypes)?.types ?? []
    let types = LabelStrategyTypes.builtIn + own
    guard let type = types.first(where: { $0.kind == kind }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: values,
        debugDescription: "label strategy \"\(kind)\" is not known; known are "
          + types.map { $0.kind }.joined(separator: ", "))
    }
    func decode<Strategy: LabelStrategy>(_ type: Strategy.Type) throws -> any LabelStrategy {
      try values.decode(Strategy.self, forKey: .settings)
    }
    strategy = try decode(type)
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    func kind<Strategy: LabelStrategy>(of strategy: Strategy) -> String { Strategy.kind }
    try values.encode(kind(of: strategy), forKey: .kind)
    func encode<Strategy: LabelStrategy>(_ strategy: Strategy) throws {
      try values.encode(strategy, forKey: .settings)
    }
    try encode(strategy)
  }
}
