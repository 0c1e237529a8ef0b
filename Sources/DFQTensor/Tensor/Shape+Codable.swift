extension Shape: Codable {
  /// Writes the extents as a list.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(dimensions)
  }

  /// Reads a list of extents.
  ///
  /// - Throws: `DecodingError` where an extent is negative or the number of elements overflows.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let dimensions = try container.decode([Int].self)
    guard Shape.checkedCount(dimensions, limit: .max) != nil else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a shape's extents must not be negative or overflow")
    }
    self.init(dimensions)
  }
}
