internal import CDFQKernels

/// The instructions the numerical kernels may use, slowest first.
public enum InstructionSet: String, CaseIterable, Sendable, Comparable {
  /// Portable C; the reference the others are tested against.
  case scalar
  /// 128-bit vectors with dot products of bytes (Arm64), for operations on codes; most others are those of `scalar`.
  case neon
  /// 256-bit vectors with fused multiply-add (x86-64), and with products of bytes where the processor has AVX-VNNI.
  case avx2
  /// 512-bit vectors (x86-64 with AVX-512 F, BW, DQ and VL), and with products of bytes where the processor has VNNI.
  case avx512

  /// The best instruction set of this processor.
  public static var best: InstructionSet { available.last! }

  /// Every instruction set this processor can run, slowest first.
  public static var available: [InstructionSet] { allCases.filter(\.isAvailable) }

  /// Orders by width.
  public static func < (left: InstructionSet, right: InstructionSet) -> Bool {
    left.rank < right.rank
  }

  private var rank: Int {
    switch self {
    case .scalar: 0
    case .neon: 1
    case .avx2: 2
    case .avx512: 3
    }
  }

  /// Whether this processor can run it.
  var isAvailable: Bool { dfq_supports(kernelSet) != 0 }

  /// The table of kernels: the one with products of bytes if this processor has them.
  var kernelSet: dfq_isa {
    switch self {
    case .scalar: DFQ_ISA_SCALAR
    case .neon: DFQ_ISA_NEON_DOTPROD
    case .avx2: dfq_supports(DFQ_ISA_AVX_VNNI) != 0 ? DFQ_ISA_AVX_VNNI : DFQ_ISA_AVX2
    case .avx512: dfq_supports(DFQ_ISA_AVX512_VNNI) != 0 ? DFQ_ISA_AVX512_VNNI : DFQ_ISA_AVX512
    }
  }
}
