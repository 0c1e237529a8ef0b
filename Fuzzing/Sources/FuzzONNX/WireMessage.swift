/// A message of protobuf's wire format, as far as its bytes tell without knowing their meaning.
struct WireMessage {
  /// A field with its number and its value: a whole number, or bytes.
  struct Field {
    /// The number and the type in one.
    let tag: UInt64
    var number: UInt64 = 0
    var content: [UInt8] = []

    /// Whether the bytes have their number in front.
    var isDelimited: Bool { tag & 7 == 2 }
    var isNumber: Bool { tag & 7 == 0 }
  }

  var fields: [Field] = []

  /// nil for bytes that are no message.
  init?(_ bytes: [UInt8]) {
    var place = 0
    func varint() -> UInt64? {
      var (value, shift): (UInt64, UInt64) = (0, 0)
      while place < bytes.count, shift < 64 {
        value |= UInt64(bytes[place] & 127) << shift
        place += 1
        if bytes[place - 1] < 128 { return value }
        shift += 7
      }
      return nil
    }
    while place < bytes.count {
      guard let tag = varint(), tag >= 8 else { return nil }
      var field = Field(tag: tag)
      let width: UInt64
      switch tag & 7 {
      case 0:
        guard let number = varint() else { return nil }
        (field.number, width) = (number, 0)
      case 1: width = 8
      case 2:
        guard let count = varint() else { return nil }
        width = count
      case 5: width = 4
      default: return nil
      }
      guard width <= UInt64(bytes.count - place) else { return nil }
      field.content = Array(bytes[place..<place + Int(width)])
      place += Int(width)
      fields.append(field)
    }
  }

  /// The bytes, with lengths that fit.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    func varint(_ value: UInt64) {
      var rest = value
      while rest > 127 {
        bytes.append(UInt8(rest & 127) | 128)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
    for field in fields {
      varint(field.tag)
      if field.isNumber { varint(field.number) }
      if field.isDelimited { varint(UInt64(field.content.count)) }
      bytes += field.content
    }
    return bytes
  }
}
