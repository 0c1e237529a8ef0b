import DynaDFQ
import Foundation

/// What a command will read and write, checked before its first step.
///
/// A result that can't be written, or that would replace an input, is an error before the work and
/// not after it.
struct Preflight {
  /// A file and the option that names it.
  private struct Place {
    var option: String
    var path: String
  }

  private var inputs: [Place] = []
  private var outputs: [Place] = []
  private var directories: [Place] = []

  /// A file that is read; nil where the option was not given.
  mutating func reads(_ option: String, _ path: String?) {
    if let path { inputs.append(Place(option: option, path: path)) }
  }

  /// The files of a data set.
  mutating func readsData(_ option: String, _ name: String?) {
    for path in name.map(DataOptions.files) ?? [] { reads(option, path) }
  }

  /// A file that is written, or read and written as checkpoints are.
  mutating func writes(_ option: String, _ path: String?) {
    if let path { outputs.append(Place(option: option, path: path)) }
  }

  /// A directory that is made where it does not exist.
  mutating func makesDirectory(_ option: String, _ path: String?) {
    if let path { directories.append(Place(option: option, path: path)) }
  }

  /// - Throws: `InterchangeError.cannotWrite` and ``ToolError`` for places that can't be used.
  func check() throws {
    var taken: [String: String] = [:]
    for place in inputs { taken[Preflight.identity(place.path)] = place.option }
    for place in outputs {
      try AtomicFile.check(place.path)
      let identity = Preflight.identity(place.path)
      if let other = taken[identity] {
        throw ToolError.usage("\(place.option) and \(other) name the same file, \(place.path)")
      }
      taken[identity] = place.option
    }
    for place in directories { try Preflight.checkDirectory(place.path) }
  }

  /// A directory may be there already; otherwise its parent must permit to make it.
  private static func checkDirectory(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw InterchangeError.cannotWrite(path: path, reason: "it is no directory")
      }
      try AtomicFile.check(path + "/batch")
    } else {
      // The directory's parents are made with it, so the nearest that exists counts.
      var parent = path
      while !parent.isEmpty, parent.last == "/" { parent.removeLast() }
      let place = parent.lastIndex(of: "/").map { String(parent[..<$0]) } ?? "."
      try place.isEmpty || place == "."
        ? AtomicFile.check(path) : checkDirectory(place)
    }
  }

  /// What is equal for two names of one file: the device and number of a file that exists, else the
  /// directory's true name and the file's.
  private static func identity(_ path: String) -> String {
    var status = stat()
    if stat(path, &status) == 0 { return "\(status.st_dev):\(status.st_ino)" }
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { String(path[...$0]) } ?? "."
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    guard let real = realpath(directory, nil) else { return path }
    defer { free(real) }
    return "\(String(cString: real))/\(name)"
  }
}
