/// The fields of a map.
struct NodeFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: NodeDecoder
  var codingPath: [any CodingKey] { decoder.codingPath }

  /// The keys of the map that the type knows; asking for all of them makes them known.
  var allKeys: [Key] {
    decoder.node.keys.compactMap { name in
      guard let key = Key(stringValue: name) else { return nil }
      decoder.asked.note(name, at: decoder.path)
      return key
    }
  }

  func contains(_ key: Key) -> Bool {
    decoder.asked.note(key.stringValue, at: decoder.path)
    return decoder.node[key.stringValue] != nil
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    guard case .null = try node(key).value else { return false }
    return true
  }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    let child = decoder.part(try node(key), key.stringValue, key)
    return try NodeScalar(decoder: child).decode(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try decoder.part(node(key), key.stringValue, key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder.part(node(key), key.stringValue, key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { decoder }
  func superDecoder(forKey key: Key) throws -> any Decoder {
    decoder.part(try node(key), key.stringValue, key)
  }

  private func node(_ key: Key) throws -> SettingNode {
    decoder.asked.note(key.stringValue, at: decoder.path)
    guard let node = decoder.node[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "a value"))
    }
    return node
  }
}

/// The values of a list.
struct NodeList: UnkeyedDecodingContainer {
  let decoder: NodeDecoder
  let list: [SettingNode]
  private(set) var currentIndex = 0
  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { list.count }
  var isAtEnd: Bool { currentIndex >= list.count }

  init(decoder: NodeDecoder, list: [SettingNode]) {
    self.decoder = decoder
    self.list = list
  }

  private struct Place: CodingKey {
    let intValue: Int?
    var stringValue: String { "[\(intValue ?? 0)]" }
    init(_ index: Int) { intValue = index }
    init?(intValue: Int) { self.intValue = intValue }
    init?(stringValue: String) { nil }
  }

  private mutating func next() throws -> NodeDecoder {
    guard currentIndex < list.count else {
      throw DecodingError.valueNotFound(
        SettingNode.self,
        .init(codingPath: codingPath, debugDescription: "more than \(list.count) values"))
    }
    defer { currentIndex += 1 }
    return decoder.part(list[currentIndex], "[\(currentIndex)]", Place(currentIndex))
  }

  mutating func decodeNil() throws -> Bool {
    guard currentIndex < list.count, case .null = list[currentIndex].value else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try NodeScalar(decoder: next()).decode(type)
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try next().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try next() }
}

/// A single value.
struct NodeScalar: SingleValueDecodingContainer {
  let decoder: NodeDecoder
  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool {
    if case .null = decoder.node.value { return true }
    return false
  }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard case .bool(let value) = decoder.node.value else {
      throw decoder.mismatch("true or false")
    }
    return value
  }

  func decode(_ type: String.Type) throws -> String {
    guard case .text(let text) = decoder.node.value else { throw decoder.mismatch("text") }
    return text
  }

  func decode(_ type: Double.Type) throws -> Double { try number("a number") { Double($0) } }
  func decode(_ type: Float.Type) throws -> Float { try number("a number") { Float($0) } }
  func decode(_ type: Int.Type) throws -> Int { try number("a whole number") { Int($0) } }
  func decode(_ type: Int64.Type) throws -> Int64 { try number("a whole number") { Int64($0) } }
  func decode(_ type: UInt64.Type) throws -> UInt64 {
    try number("a whole number of at least 0") { UInt64($0) }
  }
  func decode(_ type: UInt8.Type) throws -> UInt8 {
    try number("a whole number in 0...255") { UInt8($0) }
  }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    switch type {
    case is Bool.Type: return try decode(Bool.self) as! Value
    case is String.Type: return try decode(String.self) as! Value
    case is Double.Type: return try decode(Double.self) as! Value
    case is Float.Type: return try decode(Float.self) as! Value
    case is Int.Type: return try decode(Int.self) as! Value
    case is Int64.Type: return try decode(Int64.self) as! Value
    case is UInt64.Type: return try decode(UInt64.self) as! Value
    case is UInt8.Type: return try decode(UInt8.self) as! Value
    case is SettingNode.Type: return decoder.node as! Value
    default: break
    }
    // Dictionaries read keys of their own choosing.
    if type is any DictionaryType.Type {
      decoder.asked.noteAll(of: decoder.node, at: decoder.path)
    }
    return try Value(from: decoder)
  }

  private func number<Value>(_ expected: String, _ read: (String) -> Value?) throws -> Value {
    guard case .number(let text) = decoder.node.value else { throw decoder.mismatch(expected) }
    // A whole number may be written as 1e3.
    let whole = Double(text).flatMap { $0 == $0.rounded() && abs($0) < 1e15 ? $0 : nil }
    guard let value = read(text) ?? whole.flatMap({ read("\(Int($0))") }) else {
      throw decoder.mismatch(expected)
    }
    return value
  }
}

private protocol DictionaryType {}
extension Dictionary: DictionaryType {}
