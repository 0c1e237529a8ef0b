internal import CDFQKernels

/// What follows exact sums in integers only: a multiplication, an addition and a shift in 64 bits.
///
/// With a sum of output channel c at element i, the result is clamp(a >> shift[c], low, high), where
///
///     a = sum * multiplier[c] + residual[i] * residualMultiplier[c] + addend[c]
///
/// or the larger one of this and of the same with the factors `negative`. Nothing may overflow 64 bits.
package struct FixedEnding: BitwiseCopyable, @unchecked Sendable {
  /// O numbers each.
  package struct Factors: BitwiseCopyable, @unchecked Sendable {
    package var multiplier: UnsafePointer<Int32>
    package var residualMultiplier: UnsafePointer<Int32>
    package var addend: UnsafePointer<Int64>

    package init(
      multiplier: UnsafePointer<Int32>, residualMultiplier: UnsafePointer<Int32>,
      addend: UnsafePointer<Int64>
    ) {
      self.multiplier = multiplier
      self.residualMultiplier = residualMultiplier
      self.addend = addend
    }
  }

  package var factors: Factors
  /// Those of values below zero, for activations with a slope between 0 and 1.
  package var negative: Factors?
  /// O numbers in 0...62.
  package var shift: UnsafePointer<Int32>
  package var low: Int32
  package var high: Int32
  /// What is added, one or none; a code counts 2^16 times itself.
  package var residualCodes: UnsafePointer<UInt8>?
  package var residualNumbers: UnsafePointer<Int32>?
  /// Receives the results as codes, which must fit; else they are written to `numbers`.
  package var codes: UnsafeMutablePointer<UInt8>?
  package var numbers: UnsafeMutablePointer<Int32>?

  package init(
    factors: Factors, negative: Factors? = nil, shift: UnsafePointer<Int32>, low: Int32,
    high: Int32
  ) {
    self.factors = factors
    self.negative = negative
    self.shift = shift
    self.low = low
    self.high = high
  }

  /// Calls `body` with the C structure.
  func withKernelEnding(_ body: (UnsafePointer<dfq_fixed_ending>) -> Void) {
    var ending = dfq_fixed_ending()
    ending.multiplier = factors.multiplier
    ending.residual_multiplier = factors.residualMultiplier
    ending.addend = factors.addend
    ending.negative_multiplier = negative?.multiplier
    ending.negative_residual_multiplier = negative?.residualMultiplier
    ending.negative_addend = negative?.addend
    ending.shift = shift
    ending.low = low
    ending.high = high
    ending.residual_codes = residualCodes
    ending.residual_numbers = residualNumbers
    ending.codes = codes
    ending.numbers = numbers
    body(&ending)
  }
}

extension Kernels {
  /// The ending of sums that are in memory, pixels x channels; its `numbers` may be the sums.
  package func fixedEnding(
    _ ending: FixedEnding, sums: UnsafePointer<Int32>, pixels: Int, channels: Int
  ) {
    ending.withKernelEnding { table.fixed_ending(sums, pixels, Int32(channels), $0) }
  }
}
