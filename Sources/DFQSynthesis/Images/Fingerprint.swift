import Foundation

/// Canonical names of settings and data, by which a checkpoint tells runs apart.
package enum Fingerprint {
  /// The JSON of settings with sorted keys: equal settings give equal text.
  package static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// A short name of many floats: FNV-1a (Fowler, Noll and Vo) over their bits, which tells data
  /// apart but does not withstand forgery.
  package static func digest(_ values: [Float]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for value in values { hash = (hash ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01B3 }
    return String(hash, radix: 16)
  }
}
