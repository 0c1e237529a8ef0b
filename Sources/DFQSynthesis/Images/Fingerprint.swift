import DFQTensor
import Foundation

/// Canonical names of settings and data, by which a checkpoint tells runs apart.
package enum Fingerprint {
  /// The JSON of settings with sorted keys: equal settings give equal text.
  ///
  /// Throws `SynthesisError.badConfiguration` for settings that JSON cannot hold, such as NaN.
  package static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw SynthesisError.badConfiguration(
        what: "settings that JSON can hold", found: "\(error)")
    }
  }

  /// A short name of many floats: FNV-1a (Fowler, Noll and Vo) over their bits, which tells data
  /// apart but does not withstand forgery.
  package static func digest(_ values: [Float]) -> String {
    String(hash(values, from: 0xcbf2_9ce4_8422_2325), radix: 16)
  }

  /// The hash of floats after what has been hashed before.
  static func hash(_ values: [Float], from start: UInt64) -> UInt64 {
    var hash = start
    for value in values { hash = (hash ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01B3 }
    return hash
  }

  /// The parts of a context that decide the bits of float passes.
  static func execution(_ context: ExecutionContext) -> String {
    "\(context.instructionSet) \(context.backend) \(context.convolutionAlgorithm)"
  }

  /// The first setting in which two values of a key differ; values that are JSON are compared by
  /// their parts, so that the setting is named and not the whole text.
  static func difference(
    _ key: String, expected: String, found: String
  ) -> (setting: String, expected: String, found: String) {
    guard let first = parts(expected), let second = parts(found),
      let part = Set(first.keys).union(second.keys).sorted().first(where: {
        first[$0] != second[$0]
      })
    else { return (key, expected, found) }
    return ("\(key)\(part)", first[part] ?? "none", second[part] ?? "none")
  }

  /// The leaves of a JSON object by path, such as `.settings.labelWeight`; nil for other text.
  private static func parts(_ json: String) -> [String: String]? {
    guard let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    else { return nil }
    var leaves: [String: String] = [:]
    func visit(_ value: Any, _ path: String) {
      switch value {
      case let object as [String: Any]:
        for (key, value) in object { visit(value, "\(path).\(key)") }
      case let array as [Any]:
        for (index, value) in array.enumerated() { visit(value, "\(path)[\(index)]") }
      default: leaves[path] = "\(value)"
      }
    }
    visit(object, "")
    return leaves
  }
}
