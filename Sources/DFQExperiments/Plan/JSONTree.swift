import Foundation

/// A JSON value whose numbers keep their text.
///
/// Its ``text`` is canonical: keys in the order of their UTF-8 bytes, no spaces, numbers as they were
/// written. Equal settings give equal text, whatever orders an encoder chooses.
public enum JSONTree: Sendable, Hashable {
  /// Nothing.
  case null
  /// True or false.
  case bool(Bool)
  /// A number as it is written.
  case number(String)
  /// Text.
  case string(String)
  /// Values in order.
  case array([JSONTree])
  /// Values by key.
  case object([String: JSONTree])

  /// The tree of an encodable value.
  ///
  /// - Throws: `EncodingError` for numbers that JSON does not have.
  public init(encoding value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // The wrapping lets values encode that are no objects.
    let data = try encoder.encode(["value": value])
    guard case .object(let fields) = try JSONTree(parsing: Array(data)),
      let tree = fields["value"]
    else { self = .null; return }
    self = tree
  }

  /// The canonical text.
  public var text: String {
    switch self {
    case .null: "null"
    case .bool(let bool): bool ? "true" : "false"
    case .number(let text): text
    case .string(let text): text.quotedJSON
    case .array(let list): "[" + list.map(\.text).joined(separator: ",") + "]"
    case .object(let fields):
      "{"
        + fields.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\($0.key.quotedJSON):\($0.value.text)" }.joined(separator: ",") + "}"
    }
  }

  /// The value of a key of an object.
  public subscript(key: String) -> JSONTree? {
    guard case .object(let fields) = self else { return nil }
    return fields[key]
  }
}

extension JSONTree: Codable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads any JSON value.
  public init(from decoder: any Decoder) throws {
    if let fields = try? decoder.container(keyedBy: Name.self) {
      var object: [String: JSONTree] = [:]
      for key in fields.allKeys {
        object[key.stringValue] = try fields.decode(JSONTree.self, forKey: key)
      }
      self = .object(object)
    } else if var list = try? decoder.unkeyedContainer() {
      var array: [JSONTree] = []
      while !list.isAtEnd { array.append(try list.decode(JSONTree.self)) }
      self = .array(array)
    } else {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if let bool = try? value.decode(Bool.self) {
        self = .bool(bool)
      } else if let whole = try? value.decode(Int.self) {
        self = .number("\(whole)")
      } else if let number = try? value.decode(Double.self) {
        self = .number("\(number)")
      } else {
        self = .string(try value.decode(String.self))
      }
    }
  }

  /// Writes the value.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .null:
      var value = encoder.singleValueContainer()
      try value.encodeNil()
    case .bool(let bool): try bool.encode(to: encoder)
    case .number(let text):
      if let whole = Int(text) {
        try whole.encode(to: encoder)
      } else {
        try (Double(text) ?? 0).encode(to: encoder)
      }
    case .string(let text): try text.encode(to: encoder)
    case .array(let list): try list.encode(to: encoder)
    case .object(let fields):
      var values = encoder.container(keyedBy: Name.self)
      for (key, value) in fields { try values.encode(value, forKey: Name(stringValue: key)) }
    }
  }
}
