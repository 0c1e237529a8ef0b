/// How values of several types are written: the type's kind and its settings.
enum Kinded {
  enum CodingKeys: String, CodingKey { case kind, settings }

  struct Reader {
    let kind: String
    private let container: KeyedDecodingContainer<CodingKeys>

    init(_ decoder: any Decoder) throws {
      container = try decoder.container(keyedBy: CodingKeys.self)
      kind = try container.decode(String.self, forKey: .kind)
    }

    func settings<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try container.decode(type, forKey: .settings)
    }

    func unknownKind(_ what: String) -> DecodingError {
      .dataCorruptedError(
        forKey: .kind, in: container,
        debugDescription:
          "the \(what) \"\(kind)\" is not known; pass its type when reading the file")
    }
  }

  static func write(_ kind: String, _ settings: some Encodable, to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .kind)
    try container.encode(settings, forKey: .settings)
  }
}
