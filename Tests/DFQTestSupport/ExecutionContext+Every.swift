public import DynaDFQ

/// A way to execute, for tests that are run on every one.
public struct ExecutionVariant: Sendable, CustomStringConvertible {
  /// Instruction set, backend, convolution algorithm and arithmetic.
  public let description: String
  /// What to execute with, on one thread.
  public let context: ExecutionContext

  /// Every instruction set of this processor with every algorithm for convolutions, with students in
  /// floating point, and the BLAS.
  public static let all: [ExecutionVariant] =
    InstructionSet.available.flatMap { set in
      // These kernels know the direct algorithm only.
      let algorithms =
        [.scalar, .neon].contains(set) ? [.direct] : ExecutionContext.ConvolutionAlgorithm.allCases
      return algorithms.map { algorithm in
        ExecutionVariant(
          description: "\(set) \(algorithm)",
          context: ExecutionContext(
            threads: 1, instructionSet: set, convolutionAlgorithm: algorithm))
      }
        + [
          ExecutionVariant(
            description: "\(set) float students",
            context: ExecutionContext(
              threads: 1, instructionSet: set, convolutionAlgorithm: algorithms.last!,
              quantizedArithmetic: .float)),
          ExecutionVariant(
            description: "\(set) blas",
            context: ExecutionContext(threads: 1, instructionSet: set, backend: .blas)),
        ]
    }
}
