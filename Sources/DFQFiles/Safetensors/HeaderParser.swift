/// A strict recursive-descent parser over the header's bytes.
internal struct HeaderParser {
  private let bytes: ArraySlice<UInt8>
  private let path: String
  private var position: Int
  /// A header nests three deep; the bound keeps a hostile one from exhausting the stack.
  private static let depthLimit = 8

  init(_ bytes: ArraySlice<UInt8>, path: String) {
    self.bytes = bytes
    self.path = path
    position = bytes.startIndex
  }

  mutating func value(depth: Int) throws -> HeaderJSON {
    guard depth < Self.depthLimit else { throw malformed("at most 8 levels of nesting") }
    skipSpaces()
    switch peek {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .integer(try integer())
    default: throw malformed("an object, array, string or whole number")
    }
  }

  mutating func expectEnd() throws {
    skipSpaces()
    guard position == bytes.endIndex else { throw malformed("the end of the header") }
  }

  private mutating func object(depth: Int) throws -> HeaderJSON {
    var fields: [HeaderJSON.Field] = []
    // Strings that differ only in their Unicode normalization are one key, as they are in a Swift
    // dictionary.
    var keys: Set<String> = []
    position += 1
    if consume("}") { return .object(fields) }
    repeat {
      skipSpaces()
      guard peek == UInt8(ascii: "\"") else { throw malformed("a string as key") }
      let key = try string()
      guard keys.insert(key).inserted else { throw malformed("a key not used before") }
      guard consume(":") else { throw malformed("a colon") }
      fields.append(HeaderJSON.Field(key: key, value: try value(depth: depth + 1)))
    } while consume(",")
    guard consume("}") else { throw malformed("a comma or a closing brace") }
    return .object(fields)
  }

  private mutating func array(depth: Int) throws -> HeaderJSON {
    var values: [HeaderJSON] = []
    position += 1
    if consume("]") { return .array(values) }
    repeat { values.append(try value(depth: depth + 1)) } while consume(",")
    guard consume("]") else { throw malformed("a comma or a closing bracket") }
    return .array(values)
  }

  private mutating func integer() throws -> Int {
    let start = position
    var result = 0
    while let digit = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
      let (shifted, overflow) = result.multipliedReportingOverflow(by: 10)
      let (sum, carry) = shifted.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      guard !overflow, !carry else { throw malformed("a number below 2^63") }
      result = sum
      position += 1
    }
    guard bytes[start] != UInt8(ascii: "0") || position == start + 1 else {
      throw malformed("a number without leading zeros")
    }
    return result
  }

  private mutating func string() throws -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else {
          throw malformed("valid UTF-8")
        }
        return result
      case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
      case 0..<0x20: throw malformed("an escape instead of a control character")
      default: text.append(byte)
      }
    }
    throw malformed("a closing quotation mark")
  }

  private mutating func escape() throws -> Unicode.Scalar {
    guard let byte = peek else { throw malformed("an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw malformed("a known escape")
    }
  }

  private mutating func unicodeEscape() throws -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // What is no scalar is half of a surrogate pair; the other half must follow.
    guard first < 0xDC00, peek == UInt8(ascii: "\\") else { throw malformed("a surrogate pair") }
    position += 1
    guard peek == UInt8(ascii: "u") else { throw malformed("a surrogate pair") }
    position += 1
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw malformed("a surrogate pair") }
    return scalar
  }

  private mutating func hexadecimal() throws -> UInt32 {
    var result: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw malformed("four hexadecimal digits")
      }
      result = result << 4 | UInt32(digit)
      position += 1
    }
    return result
  }

  private var peek: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private mutating func skipSpaces() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d {
      position += 1
    }
  }

  private mutating func consume(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private func malformed(_ expected: String) -> InterchangeError {
    .malformed(
      path: path, what: "header at byte \(position)", expected: expected,
      found: peek.map { "\"\(Character(Unicode.Scalar($0)))\"" } ?? "its end")
  }
}
