internal import CDFQKernels

/// The numerical kernels of one instruction set: each works on one image, on the calling thread, in
/// memory of the caller.
///
/// Activations are H W C, weights KH KW I O, depthwise weights KH KW C. The results of the
/// elementwise kernels are the same bits on every instruction set; sums and convolutions differ in
/// the order of their additions.
package struct Kernels: Sendable {
  /// The functions; constant storage of the C target, which nothing writes to.
  private nonisolated(unsafe) let functions: UnsafePointer<dfq_kernel_table>

  /// Chooses the kernels; the processor must support `instructionSet`.
  package init(_ instructionSet: InstructionSet) {
    precondition(
      instructionSet.isAvailable, "this processor does not support \(instructionSet.rawValue)")
    functions = dfq_kernels_for(instructionSet.kernelSet)
  }

  private init(_ isa: dfq_isa) { functions = dfq_kernels_for(isa) }

  /// These kernels without VNNI instructions, as on a processor of the same vector width that lacks
  /// them.
  package var withoutByteProducts: Kernels {
    switch table.isa {
    case DFQ_ISA_AVX512_VNNI: Kernels(DFQ_ISA_AVX512)
    case DFQ_ISA_AVX_VNNI: Kernels(DFQ_ISA_AVX2)
    default: self
    }
  }

  /// Whether products of codes are products of bytes: without them, they are of 16-bit words.
  package var multipliesBytes: Bool {
    [DFQ_ISA_AVX512_VNNI, DFQ_ISA_AVX_VNNI, DFQ_ISA_NEON_DOTPROD].contains(table.isa)
  }

  var table: dfq_kernel_table { functions.pointee }
}

extension dfq_store {
  init(accumulate: Bool) { self = accumulate ? DFQ_ACCUMULATE : DFQ_STORE }
}
