import DFQFiles
import DynaDFQ
import Foundation

/// A directory of artefacts by key and of results.
///
/// `artefacts/KEY.safetensors` is an image set, a student, a cascade or an upper bound,
/// `KEY.generator.safetensors` the warmed-up generator of an image set, `KEY.images.safetensors` what an
/// evaluation did image by image, `KEY.json` what the key stands for. `results.jsonl` has a line for each
/// finished evaluation. `recipes/` keeps the recipes that were run.
public struct Store: Sendable {
  /// The directory.
  public let path: String
  private var log: ResultLog { ResultLog(path: path + "/results.jsonl") }

  /// Opens the store of a directory that exists.
  ///
  /// - Throws: ``StoreError/noStore(path:)``.
  public init(_ path: String) throws {
    self.path = path
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue,
      FileManager.default.fileExists(atPath: path + "/artefacts")
        || FileManager.default.fileExists(atPath: path + "/results.jsonl")
    else { throw StoreError.noStore(path: path) }
  }

  /// Opens a store to write to, and makes it where there is none.
  ///
  /// - Throws: ``StoreError``, `InterchangeError`.
  public init(creating path: String) throws {
    self.path = path
    for directory in ["artefacts", "recipes"] {
      do {
        try FileManager.default.createDirectory(
          atPath: "\(path)/\(directory)", withIntermediateDirectories: true)
      } catch {
        throw StoreError.unusable(path: path, reason: "the directory cannot be made")
      }
    }
    try AtomicFile.check(path + "/artefacts/x")
  }

  /// All results, in the order in which they were finished.
  ///
  /// - Throws: ``StoreError/badLine(path:line:reason:)``, `InterchangeError`.
  public func results() throws -> [ResultRecord] { try log.read() }

  func append(_ record: ResultRecord) throws { try log.append(record) }

  /// The file of a cell's artefact.
  func file(of cell: Cell) -> String {
    switch cell {
    case .images(let cell): file(cell.key)
    case .student(let cell): file(cell.key)
    case .cascade(let cell): file(cell.key)
    case .upperBound(let cell): file(cell.key)
    case .teacher(let cell): file(cell.key)
    case .evaluation(let cell): file(cell.key)
    }
  }

  func file(_ key: ArtefactKey<ArtefactKind.SyntheticSet>) -> String { data(key.text) }
  func file(_ key: ArtefactKey<ArtefactKind.Student>) -> String { data(key.text) }
  func file(_ key: ArtefactKey<ArtefactKind.Cascade>) -> String { data(key.text) }
  func file(_ key: ArtefactKey<ArtefactKind.UpperBound>) -> String { data(key.text) }
  func file(_ key: ArtefactKey<ArtefactKind.Teacher>) -> String { perImage(key.text) }
  func file(_ key: ArtefactKey<ArtefactKind.Evaluation>) -> String { perImage(key.text) }

  private func data(_ key: String) -> String { "\(path)/artefacts/\(key).safetensors" }

  /// The file of what an evaluation did image by image.
  func perImage(_ key: String) -> String { "\(path)/artefacts/\(key).images.safetensors" }

  /// The warmed-up generator of an image set.
  func generator(_ key: ArtefactKey<ArtefactKind.SyntheticSet>) -> String {
    "\(path)/artefacts/\(key.text).generator.safetensors"
  }

  /// The state of a training that is not finished.
  func checkpoint(_ key: String) -> String { "\(path)/artefacts/\(key).checkpoint" }

  /// Finished batches of a synthesis that is not finished.
  func batches(_ key: String) -> String { "\(path)/artefacts/\(key).batches" }

  /// Which process works on which cell.
  var claims: String { path + "/claims" }

  /// Whether an artefact is there.
  func has(_ cell: Cell) -> Bool { FileManager.default.fileExists(atPath: file(of: cell)) }

  /// Removes what only an unfinished cell needs.
  func removeState(of key: String) {
    for place in [checkpoint(key), batches(key)] {
      try? FileManager.default.removeItem(atPath: place)
    }
  }

  /// Keeps the recipe beside its results.
  func keep(_ recipe: Recipe) throws {
    try AtomicFile.write(recipe.text, to: "\(path)/recipes/\(recipe.name).yaml")
  }

  /// Removes temporary files and claims that killed processes left; nobody else may work on the store.
  func removeTemporaries() {
    try? FileManager.default.removeItem(atPath: claims)
    for directory in ["artefacts", "recipes"] {
      let names =
        (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(directory)")) ?? []
      for name in names where name.hasPrefix(".dynadfq-") && name.hasSuffix(".tmp") {
        try? FileManager.default.removeItem(atPath: "\(path)/\(directory)/\(name)")
      }
    }
  }
}
