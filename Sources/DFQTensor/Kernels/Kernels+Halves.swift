internal import CDFQKernels

extension Kernels {
  /// Rounds numbers to half precision, ties to even.
  ///
  /// Numbers beyond 65504 become 65504 of their sign, so that a sum of what is stored stays finite.
  package static func halves(
    of x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<UInt16>
  ) {
    dfq_halves_of_floats(x, count, y)
  }

  /// The numbers that bits of half precision stand for.
  package static func floats(
    ofHalves x: UnsafePointer<UInt16>, count: Int, into y: UnsafeMutablePointer<Float>
  ) {
    dfq_floats_of_halves(x, count, y)
  }
}
