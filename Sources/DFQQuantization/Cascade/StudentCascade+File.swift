public import DFQFiles
public import DFQGraph
import DFQTensor
import Foundation

extension StudentCascade {
  private static let format = "dynadfq cascade 1"

  /// Whether a file holds a cascade.
  public static func isStored(in file: SafetensorsFile) -> Bool {
    file.metadata["format"] == format
  }

  /// Writes all levels and the thresholds into one file.
  ///
  /// - Throws: As ``QuantizedNetwork/write(to:)``.
  public func write(to path: String) throws { try file().write(to: path) }

  /// The cascade as a safetensors file: the tensors of level k begin with `level.k.`, its metadata is
  /// the JSON text `level.k`.
  ///
  /// - Throws: As ``QuantizedNetwork/file()``.
  public func file() throws -> SafetensorsFile {
    var file = SafetensorsFile(metadata: [
      "format": StudentCascade.format, "levels": "\(levels.count)",
    ])
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    for (level, student) in levels.enumerated() {
      let own = try student.file()
      file.metadata["level.\(level)"] = String(
        decoding: try encoder.encode(own.metadata), as: UTF8.self)
      for name in own.names { file.add("level.\(level).\(name)", try own.tensor(name)) }
    }
    file.metadata["rule"] = String(decoding: try encoder.encode(rule), as: UTF8.self)
    file.add("shares", Tensor(shape: [shares.count], elements: shares.map { Float($0) }))
    file.add("thresholds", Tensor(shape: [thresholds.count], elements: thresholds))
    return file
  }

  /// Reads a cascade.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - layers: The types of layers from outside the package that the students' graphs use.
  ///   - deciders: The types of deciders that the file may have, besides the built-in ones.
  ///   - roundings: The ways of rounding weights that the file may have, besides the built-in ones.
  /// - Throws: `InterchangeError`, `NetworkError` or ``QuantizationError`` naming what does not fit.
  public init(
    contentsOf path: String, layers: [any Layer.Type] = [], deciders: [any BitDecider.Type] = [],
    roundings: [any WeightRounding.Type] = []
  ) throws {
    try self.init(
      try SafetensorsFile(contentsOf: path), path: path, layers: layers, deciders: deciders,
      roundings: roundings)
  }

  /// Takes a cascade from a file already read.
  ///
  /// - Throws: `InterchangeError`, `NetworkError` or ``QuantizationError`` naming what does not fit.
  public init(
    _ file: SafetensorsFile, path: String, layers: [any Layer.Type] = [],
    deciders: [any BitDecider.Type] = [], roundings: [any WeightRounding.Type] = []
  ) throws {
    func bad(_ expected: String, _ found: String) -> QuantizationError {
      .badStudent(path: path, expected: expected, found: found)
    }
    guard StudentCascade.isStored(in: file) else {
      throw bad("metadata format \"\(StudentCascade.format)\"", file.metadata["format"] ?? "none")
    }
    guard let count = file.metadata["levels"].flatMap({ Int($0) }), (2...7).contains(count) else {
      throw bad("two to seven levels", file.metadata["levels"] ?? "none")
    }
    let levels = try (0..<count).map { level in
      guard let text = file.metadata["level.\(level)"],
        let metadata = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))
      else { throw bad("metadata of level \(level)", "none that can be read") }
      var own = SafetensorsFile(metadata: metadata)
      let prefix = "level.\(level)."
      for name in file.names where name.hasPrefix(prefix) {
        let short = String(name.dropFirst(prefix.count))
        // A name that the format keeps for itself.
        guard short != "__metadata__" else { throw bad("tensors of a student", name) }
        own.add(short, try file.tensor(name))
      }
      return try QuantizedNetwork(
        own, path: path, layers: layers, deciders: deciders, roundings: roundings)
    }
    let rule = file.metadata["rule"] ?? ""
    guard let decoded = try? JSONDecoder().decode(CascadeRule.self, from: Data(rule.utf8)) else {
      throw bad("a rule that says which images continue", rule.isEmpty ? "none" : rule)
    }
    try self.init(
      levels: levels, thresholds: try file.tensor("thresholds").elements,
      shares: try file.tensor("shares").elements.map { Double($0) }, rule: decoded)
  }
}
