/// How work is executed: how many threads, which instruction set, which convolution backend.
///
/// The results of a computation are the same bits for any number of threads; they may differ in the
/// last bits between instruction sets and backends.
public struct ExecutionContext: Sendable {
  /// Where convolutions run.
  public enum Backend: String, Sendable, CaseIterable {
    /// Direct kernels of the instruction set.
    case direct
    /// im2col and the BLAS: the portable path and the reference.
    case blas
  }

  /// The threads.
  public var pool: WorkerPool
  /// The instruction set of the kernels.
  public let instructionSet: InstructionSet
  /// The convolution backend.
  public var backend: Backend
  package let kernels: Kernels

  /// Makes a context; by default all processors, their best instruction set and the direct kernels.
  public init(
    threads: Int? = nil, instructionSet: InstructionSet = .best, backend: Backend = .direct
  ) {
    pool = WorkerPool(threads: threads)
    self.instructionSet = instructionSet
    self.backend = backend
    kernels = Kernels(instructionSet)
    if backend == .blas { BLAS.useOneThread() }
  }

  /// All processors, the best instruction set, direct kernels.
  public static var `default`: ExecutionContext { ExecutionContext() }
}
