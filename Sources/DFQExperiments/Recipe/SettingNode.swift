/// A value of a recipe with its place: what YAML and JSON have in common.
///
/// Numbers keep their text, so that a setting reaches the type that reads it without a detour
/// through another type.
public struct SettingNode: Sendable {
  /// The value.
  public enum Value: Sendable {
    /// Nothing.
    case null
    /// True or false.
    case bool(Bool)
    /// A number as it is written.
    case number(String)
    /// Text.
    case text(String)
    /// Values in order.
    case list([SettingNode])
    /// Values by key, in the order in which they are written.
    case map([(key: String, node: SettingNode)])
  }

  /// The value.
  public var value: Value
  /// Where it stands.
  public var place: RecipePlace

  /// Makes a node.
  public init(_ value: Value, at place: RecipePlace) {
    self.value = value
    self.place = place
  }

  /// The value of a key of a map; nil where there is none.
  subscript(key: String) -> SettingNode? {
    guard case .map(let pairs) = value else { return nil }
    return pairs.first { $0.key == key }?.node
  }

  /// The keys of a map.
  var keys: [String] {
    guard case .map(let pairs) = value else { return [] }
    return pairs.map(\.key)
  }

  /// The text of a text.
  var text: String? {
    guard case .text(let text) = value else { return nil }
    return text
  }

  /// What kind of value it is, with the value where it is short.
  var summary: String {
    switch value {
    case .null: "nothing"
    case .bool(let bool): "\(bool)"
    case .number(let text): text
    case .text(let text): "\"\(text)\""
    case .list(let list): "a list of \(list.count)"
    case .map(let pairs): "a mapping with the keys \(pairs.prefix(4).map(\.key))"
    }
  }

  /// The map without some keys, or with a key's value replaced.
  func setting(_ key: String, to node: SettingNode?) -> SettingNode {
    guard case .map(var pairs) = value else { return self }
    if let place = pairs.firstIndex(where: { $0.key == key }) {
      if let node { pairs[place].node = node } else { pairs.remove(at: place) }
    } else if let node {
      pairs.append((key, node))
    }
    return SettingNode(.map(pairs), at: self.place)
  }

  /// This node under another that lies over it.
  ///
  /// Maps are joined key by key. A map with one key is taken for a case with its values: another
  /// case replaces it. Everything else is replaced.
  func overlaid(by top: SettingNode) -> SettingNode {
    guard case .map(let own) = value, case .map(let others) = top.value else { return top }
    if own.count == 1, others.count == 1, own[0].key != others[0].key { return top }
    var result = SettingNode(.map(own), at: top.place)
    for (key, node) in others {
      result = result.setting(key, to: self[key].map { $0.overlaid(by: node) } ?? node)
    }
    return result
  }
}
