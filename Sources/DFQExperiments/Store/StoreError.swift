import DFQFiles
public import Foundation

/// What can be wrong with a store of results.
public enum StoreError: Error, Equatable, Sendable {
  /// Another process writes to the store.
  case inUse(path: String)
  /// The directory cannot be made or read.
  case unusable(path: String, reason: String)
  /// A whole line of the results is no result.
  case badLine(path: String, line: Int, reason: String)
  /// An artefact does not fit what its key promises.
  case badArtefact(path: String, expected: String, found: String)
  /// There is no store at the path.
  case noStore(path: String)
}

extension StoreError: CustomStringConvertible {
  /// One line that names the file, what was expected and what was found.
  public var description: String {
    switch self {
    case .inUse(let path): "\(path.oneLine): another process writes to this store"
    case .unusable(let path, let reason): "\(path.oneLine): \(reason.oneLine)"
    case .badLine(let path, let line, let reason):
      "\(path.oneLine): line \(line) is no result: \(reason.oneLine)"
    case .badArtefact(let path, let expected, let found):
      "\(path.oneLine): \(expected.oneLine) expected, found \(found.oneLine); remove the file to "
        + "have it made again"
    case .noStore(let path):
      "\(path.oneLine): no store of results (a directory with results.jsonl)"
    }
  }
}

extension StoreError: LocalizedError {
  /// The same line as `description`.
  public var errorDescription: String? { description }
}
