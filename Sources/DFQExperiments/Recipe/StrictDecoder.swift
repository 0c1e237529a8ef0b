/// Decodes a type from nodes and refuses keys that the type does not ask for.
///
/// Every setting of a configuration of the library is thereby a setting of recipes by its own name,
/// and a misspelt one is an error that names the nearest.
enum StrictDecoder {
  /// The value of a node.
  ///
  /// - Throws: ``RecipeError``, and what the type's own checks throw.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from node: SettingNode, userInfo: [CodingUserInfoKey: any Sendable] = [:]
  ) throws -> Value {
    let asked = AskedKeys()
    let decoder = NodeDecoder(node: node, path: [], asked: asked, userInfo: userInfo)
    let value: Value
    do {
      value = try Value(from: decoder)
    } catch let error as DecodingError {
      throw translated(error, node, asked)
    }
    try asked.check(node, path: [])
    return value
  }

  /// The keys that a type asks for, those of optional settings included.
  static func keys<Value: Decodable>(of type: Value.Type, in node: SettingNode) throws -> Set<
    String
  > {
    let asked = AskedKeys()
    _ = try Value(from: NodeDecoder(node: node, path: [], asked: asked, userInfo: [:]))
    return asked.keys(at: [])
  }

  /// An error of the recipe in place of one of a decoder.
  private static func translated(
    _ error: DecodingError, _ root: SettingNode, _ asked: AskedKeys
  ) -> any Error {
    func node(_ path: [any CodingKey]) -> SettingNode {
      var node = root
      for key in path {
        if case .list(let list) = node.value, let index = key.intValue, index < list.count {
          node = list[index]
        } else if let next = node[key.stringValue] {
          node = next
        }
      }
      return node
    }
    switch error {
    case .keyNotFound(let key, let context):
      let map = node(context.codingPath)
      let known = asked.keys(at: context.codingPath.map(\.stringValue))
      let others = map.keys.filter { !known.contains($0) }
      // A key that looks like the missing one is the more likely reason.
      if let written = NearestName.of(key.stringValue, among: others), let child = map[written] {
        return RecipeError.unknownKey(
          place: child.place, key: written, nearest: key.stringValue)
      }
      return RecipeError.missingKey(place: map.place, key: key.stringValue)
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      let found = node(context.codingPath)
      return RecipeError.badValue(
        place: found.place, expected: context.debugDescription, found: found.summary)
    @unknown default: return error
    }
  }
}

/// The keys that types asked for, by the path of their map.
final class AskedKeys {
  private var keys: [[String]: Set<String>] = [:]

  func note(_ key: String, at path: [String]) { keys[path, default: []].insert(key) }

  func keys(at path: [String]) -> Set<String> { keys[path] ?? [] }

  /// Takes all keys of a map for known, as dictionaries do.
  func noteAll(of node: SettingNode, at path: [String]) {
    for key in node.keys { note(key, at: path) }
  }

  /// Throws for the first key that nobody asked for.
  func check(_ node: SettingNode, path: [String]) throws {
    switch node.value {
    case .map(let pairs):
      // What nobody looked into is for another reader.
      guard let known = keys[path] else { return }
      for (key, child) in pairs {
        guard known.contains(key) else {
          throw RecipeError.unknownKey(
            place: child.place, key: key, nearest: NearestName.of(key, among: known))
        }
        try check(child, path: path + [key])
      }
    case .list(let list):
      for (index, child) in list.enumerated() { try check(child, path: path + ["[\(index)]"]) }
    default: break
    }
  }
}

/// The decoder over one node.
struct NodeDecoder: Decoder {
  let node: SettingNode
  /// The names of the keys that lead to the node, list places as `[0]`.
  let path: [String]
  let asked: AskedKeys
  let userInfo: [CodingUserInfoKey: Any]
  var codingPath: [any CodingKey] = []

  init(
    node: SettingNode, path: [String], asked: AskedKeys, userInfo: [CodingUserInfoKey: Any],
    codingPath: [any CodingKey] = []
  ) {
    self.node = node
    self.path = path
    self.asked = asked
    self.userInfo = userInfo
    self.codingPath = codingPath
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    var node = node
    // The name of an enumeration's case stands for the case without values.
    if case .text(let name) = node.value {
      node = SettingNode(.map([(name, SettingNode(.map([]), at: node.place))]), at: node.place)
    }
    guard case .map = node.value else { throw mismatch("a mapping") }
    for name in names(of: type) { asked.note(name, at: path) }
    var copy = self
    copy = NodeDecoder(
      node: node, path: path, asked: asked, userInfo: userInfo, codingPath: codingPath)
    return KeyedDecodingContainer(NodeFields<Key>(decoder: copy))
  }

  /// The keys that can be told beforehand; the others are noted when they are asked for.
  private func names<Key: CodingKey>(of type: Key.Type) -> [String] {
    guard let type = type as? any (CodingKey & CaseIterable).Type else { return [] }
    func all<Known: CodingKey & CaseIterable>(_ type: Known.Type) -> [String] {
      type.allCases.map(\.stringValue)
    }
    return all(type)
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .list(let list) = node.value else { throw mismatch("a list") }
    return NodeList(decoder: self, list: list)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    NodeScalar(decoder: self)
  }

  func mismatch(_ expected: String) -> DecodingError {
    .typeMismatch(
      SettingNode.self, .init(codingPath: codingPath, debugDescription: expected))
  }

  /// The decoder of a part.
  func part(_ node: SettingNode, _ name: String, _ key: any CodingKey) -> NodeDecoder {
    NodeDecoder(
      node: node, path: path + [name], asked: asked, userInfo: userInfo,
      codingPath: codingPath + [key])
  }
}
