internal import CDFQMPI

/// What can go wrong between the processes of an MPI computation.
public enum MPIError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The package was built without its trait `MPI`.
  case notBuilt
  /// A call of the library failed, with the library's own text.
  case failed(call: String, reason: String)

  /// One line that says what happened.
  public var description: String {
    switch self {
    case .notBuilt:
      "this program was built without MPI: build it with --traits MPI where an MPI library is installed"
    case .failed(let call, let reason): "MPI: \(call) failed: \(reason)"
    }
  }

  /// Throws for another code than 0.
  static func check(_ code: Int32, _ call: String) throws {
    guard code != 0 else { return }
    guard code != Int32(DFQ_MPI_MISSING) else { throw MPIError.notBuilt }
    let reason = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
      dfq_mpi_error_text(code, text.baseAddress, text.count)
      return String(cString: text.baseAddress!)
    }
    throw MPIError.failed(call: call, reason: reason)
  }
}
