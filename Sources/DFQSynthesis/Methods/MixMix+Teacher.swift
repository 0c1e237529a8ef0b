public import DFQGraph

extension MixMix {
  /// Another network that images are made for: one that is given, or one of a file.
  public struct Teacher: Sendable {
    /// The network.
    public let network: Network
    /// The file that it was read from, or the name of a network that comes with the package; nil for a
    /// given one.
    public let file: String?

    /// Takes a network; settings with it can be written, and not be read.
    public init(_ network: Network) {
      self.network = network
      file = nil
    }

    /// Reads a network from a file, or takes one that comes with the package by its name.
    ///
    /// - Throws: `NetworkError` and `InterchangeError`.
    public init(file: String) throws {
      network =
        try Network.Pretrained(rawValue: file).map { try .pretrained($0) }
        ?? Network(contentsOf: file)
      self.file = file
    }

    /// What names the parameters.
    var digest: String { Fingerprint.digest(network.parameters.values) }
  }
}

extension MixMix.Teacher: Hashable {
  /// Compares files, architectures and digests of the parameters.
  public static func == (first: Self, second: Self) -> Bool {
    first.file == second.file && first.network.architecture == second.network.architecture
      && first.digest == second.digest
  }

  /// Hashes the same.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(file)
    hasher.combine(digest)
  }
}

extension MixMix.Teacher: Codable {
  private enum Key: CodingKey { case file, architecture, digest }

  /// Reads a file's name, or what ``encode(to:)`` wrote where the file still has the same network.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for networks that were given in code, and for files that
  ///   cannot be read or have another network.
  public init(from decoder: any Decoder) throws {
    if let file = try? decoder.singleValueContainer().decode(String.self) {
      self = try Self.read(file, decoder)
      return
    }
    let values = try decoder.container(keyedBy: Key.self)
    _ = try values.decodeIfPresent(String.self, forKey: .architecture)
    let digest = try values.decodeIfPresent(String.self, forKey: .digest)
    guard let file = try values.decodeIfPresent(String.self, forKey: .file) else {
      throw Self.corrupted(
        "a network's file: one that was given in code is not in the settings", decoder)
    }
    self = try Self.read(file, decoder)
    guard digest == nil || digest == self.digest else {
      throw Self.corrupted(
        "a file \(file) with the parameters \(digest!), not \(self.digest)", decoder)
    }
  }

  /// Writes the file, the architecture and the digest of the parameters.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encodeIfPresent(file, forKey: .file)
    try values.encode(network.architecture, forKey: .architecture)
    try values.encode(digest, forKey: .digest)
  }

  private static func read(_ file: String, _ decoder: any Decoder) throws -> Self {
    do { return try Self(file: file) } catch {
      throw corrupted("the file of a network (\(error))", decoder)
    }
  }

  private static func corrupted(_ text: String, _ decoder: any Decoder) -> DecodingError {
    .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
  }
}
