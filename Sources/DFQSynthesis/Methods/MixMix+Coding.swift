import DFQEngine
import DFQGraph
import Foundation

extension MixMix {
  /// What names the other networks in files.
  var teacherDigests: [String] {
    otherTeachers.map { "\($0.architecture) \(Fingerprint.digest($0.parameters.values))" }
  }
}

extension MixMix: Codable {
  private enum Key: CodingKey {
    case otherTeachers, mixedShare, shortestBoxSide, longestBoxSide, labelShare, labelWeight
    case statisticsWeight, variationWeight, normWeight
  }

  /// Reads the settings of a method without other networks.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for settings with other networks, which a file does not
  ///   hold, and for sides in the wrong order.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    let teachers = try values.decodeIfPresent([String].self, forKey: .otherTeachers) ?? []
    guard teachers.isEmpty else {
      throw DecodingError.dataCorruptedError(
        forKey: .otherTeachers, in: values,
        debugDescription: "the networks \(teachers.joined(separator: ", ")) must be given in code")
    }
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
  }

  /// Writes the settings, the other networks by architecture and digest.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(teacherDigests, forKey: .otherTeachers)
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

extension MixMix: Hashable {
  private var parts: [AnyHashable] {
    [
      teacherDigests, mixedShare, boxSides, labelShare, labelWeight, statisticsWeight,
      variationWeight, normWeight,
    ]
  }

  /// Compares the settings, and the other networks by architecture and digest.
  public static func == (first: MixMix, second: MixMix) -> Bool { first.parts == second.parts }

  /// Hashes the settings.
  public func hash(into hasher: inout Hasher) { hasher.combine(parts) }
}
