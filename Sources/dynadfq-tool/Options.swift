import ArgumentParser
import DynaDFQ

extension ExecutionContext.Backend: ExpressibleByArgument {}
extension InstructionSet: ExpressibleByArgument {}
extension ExecutionContext.ConvolutionAlgorithm: ExpressibleByArgument {}
extension ExecutionContext.QuantizedArithmetic: ExpressibleByArgument {}
extension ClassSimilarity.Measure: ExpressibleByArgument {}
extension SoftLabels.Group: ExpressibleByArgument {}
extension BatchNormStatistics.Comparison: ExpressibleByArgument {}
extension AugmentationRule: ExpressibleByArgument {}

/// How much work a command does by default.
enum Preset: String, ExpressibleByArgument, CaseIterable {
  case demo, reduced, full
}

/// How work is executed and reported.
struct RunOptions: ParsableArguments {
  @Option(help: "Worker threads; results do not depend on them.")
  var threads: Int?
  @Option(help: "Instruction set of the kernels; the processor's best by default.")
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

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
    if let isa, !InstructionSet.available.contains(isa) {
      let known = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("this processor runs \(known), not \(isa.rawValue)")
    }
  }

  var context: ExecutionContext {
    ExecutionContext(
      threads: threads, instructionSet: isa ?? .best, backend: backend,
      convolutionAlgorithm: convolution, quantizedArithmetic: arithmetic)
  }

  func progress(_ title: String) -> ProgressBar { ProgressBar(title, quiet: quiet) }
}

/// The full-precision network.
struct ModelOptions: ParsableArguments {
  @Option(
    help: "A safetensors file, or the name of a network that comes with the tool.",
    completion: .file(extensions: ["safetensors"]))
  var model = Network.Pretrained.resNet20FashionMNIST.rawValue
  @Option(help: "The architecture, where the file's metadata does not tell it.")
  var arch: String?

  func network() throws -> Network { try ModelOptions.network(model, arch: arch) }

  static func network(_ model: String, arch: String? = nil) throws -> Network {
    if let known = Network.Pretrained(rawValue: model) { return try .pretrained(known) }
    return try Network(
      contentsOf: model, architecture: try arch.map { try Architecture(name: $0) })
  }
}

/// Real images, for evaluation, analysis and teachers alone.
enum DataOptions {
  static let help = ArgumentHelp(
    "Real images: fashion-mnist:test, cifar10:FILE[,FILE], cifar100:FILE or folder:PATH.")

  static func open(_ name: String, limit: Int?) throws -> any RealImages {
    let images = try RealDataset.open(name)
    guard let limit, limit < images.count else { return images }
    return RealSubset(images, first: limit)
  }
}
