import ArgumentParser
import DynaDFQ

extension ExecutionContext.Backend: @retroactive ExpressibleByArgument {}
extension InstructionSet: @retroactive ExpressibleByArgument {}
extension ExecutionContext.ConvolutionAlgorithm: @retroactive ExpressibleByArgument {}
extension ExecutionContext.QuantizedArithmetic: @retroactive ExpressibleByArgument {}

/// How work is executed and reported.
struct RunOptions: ParsableArguments {
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
  @Option(help: "Seed of every random draw.")
  var seed: UInt64 = 0
  @Flag(help: "Print one JSON object on standard output.")
  var json = false
  @Flag(help: "Show no progress.")
  var quiet = false

  /// More threads than any machine of this kind has processors; each takes memory.
  private static let threadLimit = 256

  func validate() throws {
    try Demand.range("--threads", threads, 1...RunOptions.threadLimit)
    if let isa, !InstructionSet.available.contains(isa) {
      let known = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
      throw ToolError.usage("this processor runs \(known), not \(isa.rawValue)")
    }
  }

  var context: ExecutionContext {
    ExecutionContext(
      threads: threads, instructionSet: isa ?? .best, backend: backend,
      convolutionAlgorithm: convolution, quantizedArithmetic: arithmetic)
  }

  /// Does work under a progress bar.
  ///
  /// After an interrupt the error says what is saved and how to continue.
  /// - Throws: ``ToolError/interrupted(signal:_:)``, and what the work throws.
  func withProgress<Result>(
    _ title: String, unit: String = "steps", saved: @autoclosure () -> String,
    _ work: (ProgressBar) throws -> Result
  ) throws -> Result {
    let bar = ProgressBar(title, unit: unit, isQuiet: quiet)
    defer { bar.finish() }
    do {
      return try work(bar)
    } catch is CancellationError {
      bar.finish()
      throw ToolError.interrupted(
        signal: Interrupt.signalNumber, "\(title) was stopped; \(saved())")
    }
  }
}
