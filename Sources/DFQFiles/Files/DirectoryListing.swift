internal import Foundation

/// The visible entries of directories.
package enum DirectoryListing {
  /// The names in a directory without hidden ones, sorted by their UTF-8 bytes so that every
  /// machine agrees.
  package static func names(in path: String) throws -> [String] {
    guard isDirectory(path) else {
      throw InterchangeError.cannotOpen(path: path, reason: "there is no such directory")
    }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
        .filter { !$0.hasPrefix(".") }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw InterchangeError.cannotOpen(path: path, reason: "the directory cannot be listed")
    }
  }

  /// Whether there is a directory of that name.
  package static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// Whether there is anything of that name.
  package static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }
}
