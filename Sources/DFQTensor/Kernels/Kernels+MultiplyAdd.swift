internal import CDFQKernels

extension Kernels {
  /// Repeats independent multiply-adds in registers, to measure the processor's peak; returns the
  /// number of floating-point operations.
  package func multiplyAddLoop(repetitions: Int) -> Int {
    var sink: [Float] = [0.5, 0.5, 1]
    return table.multiply_add_loop(repetitions, &sink)
  }

  /// The same with products of codes as convolutions of codes add them up; returns the number of
  /// operations.
  package func codeProductLoop(repetitions: Int) -> Int {
    var sink: [Int32] = [0x0101_0101, 0x0101_0101, 1]
    return table.code_product_loop(repetitions, &sink)
  }
}
