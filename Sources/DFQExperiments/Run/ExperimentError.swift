import DFQFiles
public import Foundation

/// Why an experiment did not finish.
public enum ExperimentError: Error, Sendable, Equatable {
  /// Cells failed; the others were finished. The first failure is told.
  case cellsFailed(count: Int, of: Int, first: String, reason: String)
  /// The number of workers is out of bounds.
  case badJobs(found: Int)
}

extension ExperimentError: CustomStringConvertible {
  /// One line that names the first cell that failed.
  public var description: String {
    switch self {
    case .cellsFailed(let count, let total, let first, let reason):
      "\(count) of \(total) cells failed; the others are kept. The first was \(first.oneLine): "
        + reason.oneLine
    case .badJobs(let found): "jobs must be in 1...64, found \(found)"
    }
  }
}

extension ExperimentError: LocalizedError {
  /// The same line as `description`.
  public var errorDescription: String? { description }
}
