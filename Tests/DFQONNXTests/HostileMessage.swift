/// Messages in the format of protobuf, field by field, so that tests can write what no exporter would.
struct HostileMessage {
  private(set) var bytes: [UInt8] = []

  /// A whole number; negative ones take ten bytes.
  mutating func number(_ field: Int, _ value: Int) {
    varint(UInt64(field) << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A float of four bytes.
  mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field) << 3 | 5)
    bytes += HostileMessage.bytes(of: value.bitPattern)
  }

  /// Bytes with their number in front.
  mutating func bytes(_ field: Int, _ content: [UInt8]) {
    varint(UInt64(field) << 3 | 2)
    varint(UInt64(content.count))
    bytes += content
  }

  mutating func text(_ field: Int, _ text: String) { bytes(field, Array(text.utf8)) }

  mutating func message(_ field: Int, _ message: HostileMessage) { bytes(field, message.bytes) }

  /// Whole numbers in one field.
  mutating func packed(_ field: Int, _ values: [Int]) {
    var content = HostileMessage()
    for value in values { content.varint(UInt64(bitPattern: Int64(value))) }
    message(field, content)
  }

  /// A number of any length, seven bits a byte, the lowest first.
  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// The bytes of a number, the lowest first.
  static func bytes(of word: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: word.littleEndian) { Array($0) }
  }

  /// The bytes of floats.
  static func bytes(of numbers: [Float]) -> [UInt8] {
    numbers.flatMap { bytes(of: $0.bitPattern) }
  }
}
