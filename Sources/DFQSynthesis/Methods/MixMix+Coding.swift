extension MixMix: Codable {
  private enum Key: CodingKey {
    case otherTeachers, mixedShare, shortestBoxSide, longestBoxSide, labelShare, labelWeight
    case statisticsWeight, variationWeight, normWeight
  }

  /// Reads the settings, and the other networks from their files.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for networks that have no file, as ``Teacher`` says, and
  ///   for sides in the wrong order.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let shortest = try values.decode(Float.self, forKey: .shortestBoxSide)
    let longest = try values.decode(Float.self, forKey: .longestBoxSide)
    guard shortest <= longest else {
      throw DecodingError.dataCorruptedError(
        forKey: .longestBoxSide, in: values,
        debugDescription: "the longest side \(longest) is below the shortest, \(shortest)")
    }
    self.init(
      mixedShare: try values.decode(Float.self, forKey: .mixedShare),
      boxSides: shortest...longest,
      labelShare: try values.decode(LabelShare.self, forKey: .labelShare),
      labelWeight: try values.decode(Float.self, forKey: .labelWeight),
      statisticsWeight: try values.decode(Float.self, forKey: .statisticsWeight),
      variationWeight: try values.decode(Float.self, forKey: .variationWeight),
      normWeight: try values.decode(Float.self, forKey: .normWeight))
    otherTeachers = try values.decodeIfPresent([Teacher].self, forKey: .otherTeachers) ?? []
  }

  /// Writes the settings, the other networks by file, architecture and digest.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(otherTeachers, forKey: .otherTeachers)
    try values.encode(mixedShare, forKey: .mixedShare)
    try values.encode(boxSides.lowerBound, forKey: .shortestBoxSide)
    try values.encode(boxSides.upperBound, forKey: .longestBoxSide)
    try values.encode(labelShare, forKey: .labelShare)
    try values.encode(labelWeight, forKey: .labelWeight)
    try values.encode(statisticsWeight, forKey: .statisticsWeight)
    try values.encode(variationWeight, forKey: .variationWeight)
    try values.encode(normWeight, forKey: .normWeight)
  }
}
