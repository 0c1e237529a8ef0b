import DynaDFQ
import Foundation

/// How a result came about: in every JSON result under the key `run`.
struct RunDescription: Encodable {
  /// What the arithmetic was done by; results' last bits depend on all but the threads.
  struct Context: Encodable {
    var instructionSet: String
    var threads: Int
    var backend: String
    var convolution: String
    var arithmetic: String
    var blas: String
  }

  var version = LibraryVersion.current
  var commit = RunDescription.commit
  /// The seed of the command; nil where a recipe has its own.
  var seed: UInt64?
  /// The most bytes that the process has held so far.
  var peakBytes = Memory.peakBytes
  var context: Context

  init(_ options: RunOptions) { self.init(options.context, seed: options.seed) }

  init(_ context: ExecutionContext, seed: UInt64? = nil) {
    self.seed = seed
    self.context = Context(
      instructionSet: context.instructionSet.rawValue, threads: context.pool.threads,
      backend: context.backend.rawValue, convolution: context.convolutionAlgorithm.rawValue,
      arithmetic: context.quantizedArithmetic.rawValue, blas: BLAS.configuration)
  }

  /// The commit that scripts name in the environment; they build what they run.
  static var commit: String? {
    let value = ProcessInfo.processInfo.environment["DYNADFQ_COMMIT"] ?? ""
    return value.isEmpty ? nil : value
  }

  /// What `--version` prints.
  static var versionLine: String {
    "dynadfq \(LibraryVersion.current)" + (commit.map { ", commit \(Output.clean($0))" } ?? "")
  }
}
