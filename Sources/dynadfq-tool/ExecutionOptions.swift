import ArgumentParser
import DynaDFQ

extension ExecutionContext.Backend: @retroactive ExpressibleByArgument {}
extension InstructionSet: @retroactive ExpressibleByArgument {}
extension ExecutionContext.ConvolutionAlgorithm: @retroactive ExpressibleByArgument {}
extension ExecutionContext.QuantizedArithmetic: @retroactive ExpressibleByArgument {}

/// How work is executed.
struct ExecutionOptions: ParsableArguments {
  @Option(
    help: "Worker threads; results do not depend on them. (default: this process's processors)")
  var threads: Int?
  @Option(help: "Instruction set of the kernels. (default: the processor's best)")
  var isa: InstructionSet?
  @Option(help: "Where convolutions run: direct kernels, or im2col and the BLAS.")
  var backend: ExecutionContext.Backend = .direct
  @Option(
    help: """
      How 3x3 convolutions are computed: direct (plain float rounding), winograd2x2 (errors of \
      about 5e-7) or winograd4x4 (1e-6, the fastest).
      """)
  var convolution: ExecutionContext.ConvolutionAlgorithm = .winograd4x4
  @Option(
    help: """
      How a student's convolutions of quantized values are computed, forward: integer (exact sums \
      of codes, the fastest) or float.
      """)
  var arithmetic: ExecutionContext.QuantizedArithmetic = .integer
  @Option(
    help: """
      Memory to stay below, such as 4G: synthesis then computes values twice instead of keeping them (the same images) \
      or, where that is not enough, takes smaller batches (other images).
      """)
  var memory: ByteCount?
  @Option(
    help: """
      Directory for what need not stay in memory: the features of --adaptive-rounding, in files without names. (default: in \
      memory)
      """)
  var scratch: String?

  /// More threads than any machine of this kind has processors; each takes memory.
  private static let threadLimit = 256

  func validate() throws {
    try Demand.range("--threads", threads, 1...ExecutionOptions.threadLimit)
    if let scratch {
      var preflight = Preflight()
      preflight.writes("--scratch", scratch + "/x")
      try preflight.check()
    }
    if let isa, !InstructionSet.available.contains(isa) {
      let known = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
      throw ToolError.usage("this processor runs \(known), not \(isa.rawValue)")
    }
  }

  var context: ExecutionContext {
    var context = ExecutionContext(
      threads: threads, instructionSet: isa ?? .best, backend: backend,
      convolutionAlgorithm: convolution, quantizedArithmetic: arithmetic,
      communicator: Processes.communicator)
    context.memoryLimit = memory?.bytes
    context.scratchDirectory = scratch
    return context
  }
}
