/// What a key can name.
///
/// The kinds have no values; they keep keys of different things apart.
public enum ArtefactKind {
  /// A set of synthetic images.
  public enum SyntheticSet {}
  /// A trained student.
  public enum Student {}
  /// A cascade of students with its thresholds.
  public enum Cascade {}
  /// A student that was trained on real images; no other kind of cell takes its key.
  public enum UpperBound {}
  /// What a full-precision network does on real images.
  public enum Teacher {}
  /// What a student or a cascade does on real images.
  public enum Evaluation {}
}

/// The name of an artefact by its content: the SHA-256 of everything that decides its bits.
///
/// The type says what is named. A student's cell takes a key of a ``ArtefactKind/SyntheticSet``, and
/// no function makes one from real images or from an evaluation, so that a plan in which real images
/// take part in making a student has no type.
public struct ArtefactKey<Kind>: Sendable, Hashable, Codable {
  /// 64 hexadecimal digits.
  public let text: String

  /// The key of an identity.
  ///
  /// - Throws: `EncodingError` for numbers that JSON does not have.
  init(of identity: some Encodable) throws {
    text = SHA256.hex(of: try JSONTree(encoding: identity).text)
  }

  /// Reads the text alone.
  public init(from decoder: any Decoder) throws {
    text = try decoder.singleValueContainer().decode(String.self)
  }

  /// Writes the text alone.
  public func encode(to encoder: any Encoder) throws { try text.encode(to: encoder) }
}
