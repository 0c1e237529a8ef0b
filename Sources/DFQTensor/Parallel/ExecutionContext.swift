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

  /// How 3x3 convolutions of stride 1 are computed on the direct backend.
  public enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
    /// As sums of products: plain float rounding.
    case direct
    /// Winograd's F(2x2, 3x3): errors of about 5e-7 of the largest output.
    case winograd2x2
    /// Winograd's F(4x4, 3x3), the fastest: errors of about 1e-6 of the largest output, 5e-6 at
    /// 512 channels.
    case winograd4x4
  }

  /// How the convolutions of quantized values are computed on the direct backend, forward.
  public enum QuantizedArithmetic: String, Sendable, CaseIterable {
    /// As exact sums of products of codes: the values that an integer processor computes, and the
    /// fastest.
    case integer
    /// As floating-point numbers that lie on the grids.
    case float
  }

  /// The threads.
  public var pool: WorkerPool
  /// The instruction set of the kernels.
  public let instructionSet: InstructionSet
  /// The convolution backend.
  public var backend: Backend
  /// How 3x3 convolutions of stride 1 are computed, where the instruction set has a choice.
  public var convolutionAlgorithm: ConvolutionAlgorithm
  /// How the convolutions of quantized values are computed, where weights and values fit bytes.
  public var quantizedArithmetic: QuantizedArithmetic
  /// The processes that share batches with this one; by default none.
  public var communicator: any Communicator
  /// The bytes that one pass over a batch should not exceed; nil for as many as are fastest.
  ///
  /// Where losses couple the images of a batch, a pass that would exceed them computes its values twice instead of keeping them: the
  /// same bits, for half as much work again. What a pass cannot do without is taken in any case.
  public var memoryLimit: Int?
  /// A directory for what need not stay in memory, such as the features of block reconstruction; nil keeps all in memory.
  ///
  /// The results are the same bits.
  public var scratchDirectory: String?
  package let kernels: Kernels

  /// Makes a context; by default all processors, their best instruction set and its fastest
  /// kernels, in one process.
  public init(
    threads: Int? = nil, instructionSet: InstructionSet = .best, backend: Backend = .direct,
    convolutionAlgorithm: ConvolutionAlgorithm = .winograd4x4,
    quantizedArithmetic: QuantizedArithmetic = .integer,
    communicator: any Communicator = SingleProcess()
  ) {
    pool = WorkerPool(threads: threads)
    self.instructionSet = instructionSet
    self.backend = backend
    self.convolutionAlgorithm = convolutionAlgorithm
    self.quantizedArithmetic = quantizedArithmetic
    self.communicator = communicator
    kernels = Kernels(instructionSet)
  }

  /// All processors, the best instruction set and its fastest kernels.
  ///
  /// Every use shares the same threads.
  public static let `default` = ExecutionContext()

  /// The side of the tiles of Winograd's algorithm, nil where convolutions are computed directly.
  package var winogradTile: Int? {
    guard backend == .direct, kernels.hasWinograd else { return nil }
    switch convolutionAlgorithm {
    case .direct: return nil
    case .winograd2x2: return 2
    case .winograd4x4: return 4
    }
  }
}
