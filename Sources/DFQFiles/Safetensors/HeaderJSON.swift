/// The part of JSON that a safetensors header may use: objects, arrays, strings and whole numbers
/// from 0.
///
/// Foundation's decoders keep one of two equal keys, and two readers that keep different ones would
/// load different networks from one file; here a repeated key is an error.
internal enum HeaderJSON {
  case object([Field])
  case array([HeaderJSON])
  case string(String)
  case integer(Int)

  // A struct, because Swift 6.3 fails to compile an enum that contains tuples with itself
  // ("circular reference", only in incremental builds).
  struct Field {
    let key: String
    let value: HeaderJSON
  }

  /// Parses a whole header; trailing spaces are its padding.
  static func parse(
    _ bytes: ArraySlice<UInt8>, path: String
  ) throws -> HeaderJSON {
    var parser = HeaderParser(bytes, path: path)
    let value = try parser.value(depth: 0)
    try parser.expectEnd()
    return value
  }

  /// The value of an object's field.
  subscript(key: String) -> HeaderJSON? {
    guard case .object(let fields) = self else { return nil }
    return fields.first { $0.key == key }?.value
  }

  /// The elements of an array of numbers.
  var integers: [Int]? {
    guard case .array(let values) = self else { return nil }
    var result: [Int] = []
    for value in values {
      guard case .integer(let number) = value else { return nil }
      result.append(number)
    }
    return result
  }

  /// The value's kind for messages.
  var kind: String {
    switch self {
    case .object: "an object"
    case .array: "an array"
    case .string: "a string"
    case .integer: "a number"
    }
  }
}
