internal import CDFQKernels

extension Kernels {
  /// Repeats independent multiply-adds in registers, to measure the processor's peak; returns the
  /// number of floating-point operations.
  package func multiplyAddLoop(repetitions: Int) -> Int {
    var sink: [Float] = [0.5, 0.5, 1]
    return table.multiply_add_loop(repetitions, &sink)
  }
}
