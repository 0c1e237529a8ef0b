internal import CDFQKernels

/// The instructions the numerical kernels may use, slowest first.
public enum InstructionSet: String, CaseIterable, Sendable, Comparable {
  /// Portable C; the reference the others are tested against.
  case scalar
  /// 256-bit vectors with fused multiply-add (x86-64).
  case avx2
  /// 512-bit vectors (x86-64 with AVX-512 F, BW, DQ and VL).
  case avx512

  /// The best instruction set of this processor.
  public static var best: InstructionSet {
    switch dfq_best_isa() {
    case DFQ_ISA_AVX512, DFQ_ISA_AVX512_VNNI: .avx512
    case DFQ_ISA_AVX2: .avx2
    default: .scalar
    }
  }

  /// Every instruction set this processor can run, slowest first.
  public static var available: [InstructionSet] { allCases.filter { $0 <= best } }

  /// Orders by width.
  public static func < (left: InstructionSet, right: InstructionSet) -> Bool {
    left.rank < right.rank
  }

  private var rank: Int {
    switch self {
    case .scalar: 0
    case .avx2: 1
    case .avx512: 2
    }
  }
}
