extension JSONTree {
  /// Parses the bytes of a JSON text of at most 200 levels; numbers keep their text.
  ///
  /// - Throws: `DecodingError.dataCorrupted`.
  init(parsing bytes: [UInt8]) throws {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

/// A parser of the JSON that encoders write.
private struct JSONParser {
  let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws -> JSONTree {
    let tree = try value(depth: 0)
    skipSpaces()
    guard position == bytes.count else { throw damaged("the end") }
    return tree
  }

  private mutating func value(depth: Int) throws -> JSONTree {
    guard depth < 200 else { throw damaged("fewer levels") }
    skipSpaces()
    guard position < bytes.count else { throw damaged("a value") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func object(_ depth: Int) throws -> JSONTree {
    position += 1
    var fields: [String: JSONTree] = [:]
    skipSpaces()
    if take("}") { return .object(fields) }
    while true {
      skipSpaces()
      let key = try string()
      skipSpaces()
      guard take(":") else { throw damaged("a colon") }
      fields[key] = try value(depth: depth + 1)
      skipSpaces()
      if take("}") { return .object(fields) }
      guard take(",") else { throw damaged("a comma or the end of the object") }
    }
  }

  private mutating func array(_ depth: Int) throws -> JSONTree {
    position += 1
    var list: [JSONTree] = []
    skipSpaces()
    if take("]") { return .array(list) }
    while true {
      list.append(try value(depth: depth + 1))
      skipSpaces()
      if take("]") { return .array(list) }
      guard take(",") else { throw damaged("a comma or the end of the list") }
    }
  }

  private mutating func string() throws -> String {
    guard take("\"") else { throw damaged("text") }
    var units: [UInt8] = []
    var scalars = ""
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { return scalars + String(decoding: units, as: UTF8.self) }
      guard byte == UInt8(ascii: "\\") else {
        units.append(byte)
        continue
      }
      guard position < bytes.count else { break }
      let escape = bytes[position]
      position += 1
      switch escape {
      case UInt8(ascii: "n"): units.append(10)
      case UInt8(ascii: "r"): units.append(13)
      case UInt8(ascii: "t"): units.append(9)
      case UInt8(ascii: "b"): units.append(8)
      case UInt8(ascii: "f"): units.append(12)
      case UInt8(ascii: "u"):
        scalars += String(decoding: units, as: UTF8.self)
        units = []
        scalars += try unicode()
      default: units.append(escape)
      }
    }
    throw damaged("the end of the text")
  }

  private mutating func unicode() throws -> String {
    var codes = [try fourDigits()]
    if (0xd800..<0xdc00).contains(codes[0]), take("\\"), take("u") {
      codes.append(try fourDigits())
    }
    return String(decoding: codes, as: UTF16.self)
  }

  private mutating func fourDigits() throws -> UInt16 {
    guard position + 4 <= bytes.count,
      let code = UInt16(
        String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw damaged("four hexadecimal digits") }
    position += 4
    return code
  }

  private mutating func number() throws -> JSONTree {
    let start = position
    while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard Double(text) != nil else { throw damaged("a number") }
    return .number(text)
  }

  private mutating func word(_ word: String, _ value: JSONTree) throws -> JSONTree {
    guard bytes[position...].starts(with: word.utf8) else { throw damaged(word) }
    position += word.utf8.count
    return value
  }

  private mutating func take(_ character: Character) -> Bool {
    guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func skipSpaces() {
    while position < bytes.count, [9, 10, 13, 32].contains(bytes[position]) { position += 1 }
  }

  private func damaged(_ expected: String) -> DecodingError {
    .dataCorrupted(
      .init(codingPath: [], debugDescription: "\(expected) expected at byte \(position)"))
  }
}
