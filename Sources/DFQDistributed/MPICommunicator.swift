internal import CDFQMPI
public import DFQTensor

/// The processes that `mpirun` or a scheduler started together.
///
/// ```swift
/// let processes = try MPICommunicator.connect()
/// let context = ExecutionContext(communicator: processes)
/// // … train with the context: every process gets the same student, whatever their number.
/// try processes.finish()
/// ```
///
/// Memory is exchanged by `MPI_Allgatherv` and sums are taken by each process in the order of shards, so that results are the same bits
/// for any number of processes. (`MPI_Allreduce` adds in an order that depends on the library, the number of processes and
/// the size.)
///
/// Available where the package is built with its trait `MPI`; else ``connect()`` throws ``MPIError/notBuilt``.
public struct MPICommunicator: Communicator {
  /// The number of this process.
  public let rank: Int
  /// The number of processes.
  public let processes: Int

  /// Whether the package was built with MPI.
  public static var isBuilt: Bool { dfq_mpi_is_built() != 0 }

  /// Starts MPI in this process.
  ///
  /// It is called once, before other threads use the connection.
  ///
  /// - Returns: The connection.
  /// - Throws: ``MPIError``.
  public static func connect() throws -> MPICommunicator {
    var (rank, processes): (Int32, Int32) = (0, 1)
    try MPIError.check(dfq_mpi_start(&rank, &processes), "start")
    return MPICommunicator(rank: Int(rank), processes: Int(processes))
  }

  /// Ends MPI; all processes must call it.
  ///
  /// - Throws: ``MPIError``.
  public func finish() throws { try MPIError.check(dfq_mpi_finish(), "finish") }

  /// Ends all processes of the computation, because this one cannot go on and the others would wait for it.
  ///
  /// - Parameter code: The exit code that the launcher reports.
  public func abort(code: Int32) { dfq_mpi_abort(code) }

  /// Completes memory that is divided among the processes; one call at a time, all processes in the same order.
  ///
  /// - Parameters:
  ///   - memory: The memory, of the same size in every process.
  ///   - parts: The bytes that each process has written, in the order of their numbers.
  /// - Throws: ``MPIError``.
  public func gather(_ memory: UnsafeMutableRawBufferPointer, parts: [Range<Int>]) throws {
    precondition(parts.count == processes, "one part for each process")
    try MPIError.check(
      dfq_mpi_gather(
        memory.baseAddress, parts.map(\.lowerBound), parts.map(\.count), Int32(processes)),
      "gather")
  }
}
