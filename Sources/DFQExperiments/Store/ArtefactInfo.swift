import DFQFiles
import DynaDFQ
import Foundation

/// What a key stands for and how its artefact came about: `artefacts/KEY.json`.
struct ArtefactInfo: Codable {
  var kind: String
  var key: String
  var identity: JSONTree
  /// Images times steps, by which earlier work tells how long later work takes.
  var work: Double
  /// What kind of work it was and on what, as the cost model names it.
  var workKind: String
  var training: TrainingSummary?
  var run: RunDetails

  private static func path(_ store: Store, _ key: String) -> String {
    "\(store.path)/artefacts/\(key).json"
  }

  /// Written before the artefact itself, so that a whole artefact always has it.
  func write(to store: Store) throws {
    try AtomicFile.write(try JSONTree(encoding: self).text + "\n", to: Self.path(store, key))
  }

  static func read(_ key: String, in store: Store) -> ArtefactInfo? {
    guard let data = FileManager.default.contents(atPath: path(store, key)) else { return nil }
    return try? JSONDecoder().decode(ArtefactInfo.self, from: data)
  }

  /// All that the store has.
  static func all(in store: Store) -> [ArtefactInfo] {
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: store.path + "/artefacts")) ?? []
    return names.sorted().filter { $0.hasSuffix(".json") }.compactMap {
      read(String($0.dropLast(5)), in: store)
    }
  }
}
