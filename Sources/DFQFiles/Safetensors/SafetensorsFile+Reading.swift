internal import DFQTensor

extension SafetensorsFile {
  /// The longest accepted header in bytes, the reference implementation's own limit.
  internal static let headerLimit = 100_000_000

  /// Reads a file of at most `limit` bytes (4 GiB unless told) and checks its header.
  /// - Throws: ``InterchangeError``: unreadable file, damaged or hostile header, unknown element
  ///   type.
  public init(contentsOf path: String, limit: Int = 4 << 30) throws {
    try self.init(decoding: FileContents.read(path, limit: limit), path: path)
  }

  /// Reads the format from memory; `path` is a name for messages.
  /// - Throws: ``InterchangeError``: damaged or hostile header, unknown element type.
  public init(decoding bytes: [UInt8], path: String = "memory") throws {
    guard bytes.count >= 8 else {
      throw InterchangeError.truncated(path: path, expected: 8, found: bytes.count)
    }
    let declared = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard declared <= Self.headerLimit else {
      throw InterchangeError.tooLarge(
        path: path, what: "header length in bytes", limit: Self.headerLimit,
        found: Int(clamping: declared))
    }
    let start = 8 + Int(declared)
    guard start <= bytes.count else {
      throw InterchangeError.truncated(path: path, expected: start, found: bytes.count)
    }
    guard case .object(let fields) = try HeaderJSON.parse(bytes[8..<start], path: path) else {
      throw InterchangeError.malformed(
        path: path, what: "header", expected: "a JSON object", found: "another value")
    }

    var metadata: [String: String] = [:]
    var descriptions: [Description] = []
    for field in fields {
      if field.key == "__metadata__" {
        metadata = try Self.metadata(field.value, path: path)
      } else {
        descriptions.append(try Description(name: field.key, field.value, path: path))
      }
    }
    // Swift's sort keeps the order of equals only by implementation; empty tensors may share an
    // offset.
    let ordered = descriptions.enumerated().sorted {
      ($0.element.begin, $0.element.end, $0.offset) < ($1.element.begin, $1.element.end, $1.offset)
    }
    var entries: [Entry] = []
    var next = 0
    for (_, description) in ordered {
      guard description.begin == next else {
        throw InterchangeError.malformed(
          path: path, what: "begin of tensor \"\(description.name)\"",
          expected: "\(next), the end of the one before", found: "\(description.begin)")
      }
      guard description.end <= bytes.count - start else {
        throw InterchangeError.truncated(
          path: path, expected: Int(clamping: UInt(start) + UInt(description.end)),
          found: bytes.count)
      }
      entries.append(description.entry(in: bytes[start...]))
      next = description.end
    }
    guard next == bytes.count - start else {
      throw InterchangeError.malformed(
        path: path, what: "size of the data", expected: "\(next) bytes",
        found: "\(bytes.count - start)")
    }
    self.init(path: path, metadata: metadata, entries: entries)
  }

  private static func metadata(
    _ value: HeaderJSON, path: String
  ) throws -> [String: String] {
    guard case .object(let fields) = value else {
      throw InterchangeError.malformed(
        path: path, what: "__metadata__", expected: "an object", found: value.kind)
    }
    var result: [String: String] = [:]
    for field in fields {
      guard case .string(let text) = field.value else {
        throw InterchangeError.malformed(
          path: path, what: "metadata \"\(field.key)\"", expected: "a string",
          found: field.value.kind)
      }
      result[field.key] = text
    }
    return result
  }
}
