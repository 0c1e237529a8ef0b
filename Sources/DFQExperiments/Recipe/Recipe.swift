import DFQFiles
import DynaDFQ
import Foundation

/// An experiment as it is written down: networks, image sets, students, cascades, evaluations and
/// ablations, which are multiplied out into a ``ExperimentPlan``.
///
/// Entries of image sets and students stay nodes here, because ablations lie over them before they
/// are decoded into the library's configurations.
public struct Recipe: Sendable {
  /// The version of the form of recipes that is read.
  public static let version = 1
  /// The name of the experiment; reports are divided by it.
  public let name: String
  /// What the experiment is about; shown in reports.
  public let about: String?
  /// The seeds; every image set and student is made with each.
  public let seeds: [UInt64]
  /// The directory that relative paths begin at.
  public let directory: String
  /// The text it was read from.
  public let text: String
  let networks: [NetworkEntry]
  let images: [SettingNode]
  let students: [SettingNode]
  let cascades: [CascadeEntry]
  let upperBounds: [UpperBoundEntry]
  let evaluations: [EvaluationEntry]
  let ablations: [AblationEntry]

  /// Reads a recipe's file.
  ///
  /// - Throws: ``RecipeError``; `InterchangeError` for a file that cannot be read.
  public init(contentsOf path: String) throws {
    let bytes = try FileContents.read(path, limit: RecipeDocument.byteLimit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw RecipeError.syntax(line: 1, reason: "the recipe is not UTF-8")
    }
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    try self.init(text, directory: slash.map { String(path[..<$0]) } ?? ".")
  }

  /// Reads a recipe's text; relative paths begin at a directory.
  ///
  /// - Throws: ``RecipeError``.
  public init(_ text: String, directory: String = ".") throws {
    let root = try RecipeDocument.read(text)
    if let version = root["version"] {
      guard case .number("\(Recipe.version)") = version.value else {
        throw RecipeError.badValue(
          place: version.place, expected: "version \(Recipe.version)", found: version.summary)
      }
    }
    let file = try StrictDecoder.decode(RecipeFile.self, from: root)
    self.text = text
    self.directory = directory.isEmpty ? "/" : directory
    name = file.name
    about = file.about
    seeds = file.seeds ?? [0]
    networks = file.networks
    images = try Recipe.entries(file.images ?? [], of: root["images"])
    students = try Recipe.entries(file.students ?? [], of: root["students"])
    cascades = file.cascades ?? []
    upperBounds = file.upperBounds ?? []
    evaluations = try Recipe.evaluations(file.evaluations ?? [], of: root["evaluations"])
    ablations = file.ablations ?? []
    try check(root)
  }

  /// A path or data set of the recipe with its environment variables, made absolute or relative to the
  /// working directory.
  func path(_ written: String) throws -> String {
    let path = try Recipe.substituting(written)
    return path.hasPrefix("/") || directory == "." ? path : directory + "/" + path
  }

  /// A data set's description with paths as ``path(_:)`` gives them.
  func data(_ written: String) throws -> String {
    let text = try Recipe.substituting(written)
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[0] != "fashion-mnist" else { return text }
    let files = try parts[1].split(separator: ",").map { try path(String($0)) }
    return "\(parts[0]):" + files.joined(separator: ",")
  }

  /// `${NAME}` and `${NAME:-default}` become the environment's values.
  static func substituting(_ text: String) throws -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: "${") {
      result += rest[..<start.lowerBound]
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        throw RecipeError.badValue(
          place: .init(line: 0, path: text), expected: "a } after ${", found: "none")
      }
      let inside = rest[start.upperBound..<end]
      let parts = inside.range(of: ":-").map {
        (String(inside[..<$0.lowerBound]), String(inside[$0.upperBound...]))
      }
      let name = parts?.0 ?? String(inside)
      let value = ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
      guard let value = value ?? parts?.1 else {
        throw RecipeError.badValue(
          place: .init(line: 0, path: text), expected: "the environment variable \(name)",
          found: "none")
      }
      result += value
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}
