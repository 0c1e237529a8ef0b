public import Foundation

/// Why a decomposition has no result.
public enum LinearAlgebraError: Error, Equatable, Sendable {
  /// The matrix holds NaN or infinity, so it has no decomposition.
  case notFinite(rows: Int)
  /// A statistic needs more samples.
  case tooFewSamples(expected: String, found: String)
  /// LAPACK found no result; `code` is its `info`.
  case noConvergence(rows: Int, code: Int)
}

extension LinearAlgebraError: CustomStringConvertible {
  /// One line that names what was expected and what was found.
  public var description: String {
    switch self {
    case .notFinite(let rows): "a \(rows)x\(rows) matrix with NaN or infinity has no eigenvalues"
    case .tooFewSamples(let expected, let found): "\(expected) expected, found \(found)"
    case .noConvergence(let rows, let code):
      "the eigenvalues of a \(rows)x\(rows) matrix did not converge (LAPACK info \(code))"
    }
  }
}

extension LinearAlgebraError: LocalizedError {
  /// The same line as `description`.
  public var errorDescription: String? { description }
}
