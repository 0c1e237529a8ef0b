import Foundation

extension SettingNode: Decodable {
  /// Takes the node itself where a strict decoder reads it; other decoders have none.
  public init(from decoder: any Decoder) throws {
    guard let decoder = decoder as? NodeDecoder else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "settings of a recipe"))
    }
    self = decoder.node
  }

  /// The settings of a value as nodes, to lie under those of a recipe.
  static func defaults(_ value: some Encodable, at place: RecipePlace) throws -> SettingNode {
    SettingNode(try JSONTree(encoding: value), at: place)
  }

  private init(_ tree: JSONTree, at place: RecipePlace) {
    let value: Value =
      switch tree {
      case .null: .null
      case .bool(let bool): .bool(bool)
      case .number(let text): .number(text)
      case .string(let text): .text(text)
      case .array(let list): .list(list.map { SettingNode($0, at: place) })
      case .object(let fields):
        .map(
          fields.sorted { $0.key < $1.key }.map { ($0.key, SettingNode($0.value, at: place)) })
      }
    self.init(value, at: place)
  }
}
