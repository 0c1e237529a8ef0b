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
      instructionSet <= .best, "this processor does not support \(instructionSet.rawValue)")
    let isa =
      switch instructionSet {
      case .scalar: DFQ_ISA_SCALAR
      case .avx2: DFQ_ISA_AVX2
      case .avx512: dfq_best_isa()  // with VNNI or without
      }
    functions = dfq_kernels_for(isa)
  }

  private init(_ isa: dfq_isa) { functions = dfq_kernels_for(isa) }

  /// These kernels without VNNI instructions, as on a processor of the same vector width that lacks
  /// them.
  package var withoutByteProducts: Kernels {
    table.isa == DFQ_ISA_AVX512_VNNI ? Kernels(DFQ_ISA_AVX512) : self
  }

  /// Whether products of codes are products of bytes: without them, they are of 16-bit words.
  package var multipliesBytes: Bool { table.isa == DFQ_ISA_AVX512_VNNI }

  var table: dfq_kernel_table { functions.pointee }
}

extension dfq_store {
  init(accumulate: Bool) { self = accumulate ? DFQ_ACCUMULATE : DFQ_STORE }
}
