public import DFQFiles
public import DFQGraph
import DFQTensor
import Foundation

extension UpperBoundStudent {
  private static let format = "dynadfq upper bound 1"
  private static let prefix = "upperBound."

  /// Whether a file holds an upper bound.
  public static func isStored(in file: SafetensorsFile) -> Bool {
    file.metadata["format"] == format
  }

  /// Writes the upper bound; a reader of students refuses the file.
  ///
  /// - Throws: As ``QuantizedNetwork/write(to:)``.
  public func write(to path: String) throws { try file().write(to: path) }

  /// The upper bound as a safetensors file: its tensors begin with `upperBound.`, its metadata is the
  /// JSON text `upperBound`.
  ///
  /// - Throws: As ``QuantizedNetwork/file()``.
  public func file() throws -> SafetensorsFile {
    let own = try student.file()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var file = SafetensorsFile(metadata: [
      "format": UpperBoundStudent.format, "dataset": dataset, "imageCount": "\(imageCount)",
      "upperBound": String(decoding: try encoder.encode(own.metadata), as: UTF8.self),
    ])
    for name in own.names { file.add(UpperBoundStudent.prefix + name, try own.tensor(name)) }
    return file
  }

  /// Reads an upper bound.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - layers: The types of layers from outside the package that its graph uses.
  ///   - deciders: The types of deciders that the file may have, besides the built-in ones.
  ///   - roundings: The ways of rounding weights that the file may have, besides the built-in ones.
  /// - Throws: `InterchangeError`, `NetworkError` or ``QuantizationError`` naming what does not fit.
  public init(
    contentsOf path: String, layers: [any Layer.Type] = [], deciders: [any BitDecider.Type] = [],
    roundings: [any WeightRounding.Type] = []
  ) throws {
    let file = try SafetensorsFile(contentsOf: path)
    func bad(_ expected: String, _ found: String) -> QuantizationError {
      .badStudent(path: path, expected: expected, found: found)
    }
    guard UpperBoundStudent.isStored(in: file) else {
      throw bad(
        "metadata format \"\(UpperBoundStudent.format)\"", file.metadata["format"] ?? "none")
    }
    guard let count = file.metadata["imageCount"].flatMap({ Int($0) }), count > 0,
      let dataset = file.metadata["dataset"]
    else { throw bad("the name and number of the images", "none") }
    guard let text = file.metadata["upperBound"],
      let metadata = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    else { throw bad("metadata of the student", "none that can be read") }
    var own = SafetensorsFile(metadata: metadata)
    for name in file.names where name.hasPrefix(UpperBoundStudent.prefix) {
      let short = String(name.dropFirst(UpperBoundStudent.prefix.count))
      // A name that the format keeps for itself.
      guard short != "__metadata__" else { throw bad("tensors of a student", name) }
      own.add(short, try file.tensor(name))
    }
    self.init(
      try QuantizedNetwork(
        own, path: path, layers: layers, deciders: deciders, roundings: roundings),
      dataset: dataset, imageCount: count)
  }
}
