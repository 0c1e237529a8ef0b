public import DynaDFQ
import Foundation

/// Calls `body` with the path of a new directory that is removed afterwards.
public func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = NSTemporaryDirectory() + "/dfq-tests-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// The bytes of a file.
public func fileBytes(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Copies a file, replacing what is there.
public func copyFile(_ source: String, to target: String) throws {
  try? FileManager.default.removeItem(atPath: target)
  try FileManager.default.copyItem(atPath: source, toPath: target)
}

extension SafetensorsFile {
  /// The same file with some tensors changed, added or (nil) left out; all must be floats.
  public func replacing(_ changes: [String: Tensor?]) throws -> SafetensorsFile {
    var result = SafetensorsFile(metadata: metadata)
    for name in names {
      switch changes[name] {
      case .none: result.add(name, try tensor(name))
      case .some(.none): continue
      case .some(.some(let tensor)): result.add(name, tensor)
      }
    }
    for (name, tensor) in changes.sorted(by: { $0.key < $1.key }) where !contains(name) {
      if let tensor { result.add(name, tensor) }
    }
    return result
  }
}
