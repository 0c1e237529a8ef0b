internal import CDFQKernels

/// What follows the exact sums of an operation on codes, while they are in the cache.
///
/// With a sum of output channel c at element i of the image H W O, the result is
///
///     x = sum * scale[c] + offset[c]                       (one rounding)
///     t = x * normScale[c] + normShift[c] + residual[i]    (one rounding, then the residual's)
///     y = act(t)                                           (see `Kernels.affineActivation`)
///
/// and the code that `Kernels.quantizeCodes` gives y. These are the operations, in their order and with their roundings, of
/// `Kernels.integerConvolution`, `affineActivation` and `quantizeCodes` one after the other: the results are the same bits.
/// Pointers to images are those of their first elements, whichever rows are computed.
package struct CodeEnding {
  /// What is added before the activation.
  package enum Residual {
    case none
    case values(UnsafePointer<Float>)
    /// The values (code + offset) / levelsPerUnit of codes of at most `mostCode`.
    case codes(UnsafePointer<UInt8>, offset: Float, levelsPerUnit: Float, mostCode: Int)
  }

  /// The grid of the resulting codes, see `Kernels.quantizeCodes`; its bounds lie between -32,000 and 32,000.
  package struct Grid {
    package var levelsPerUnit: Float
    package var zero: Float
    package var minimum: Float
    package var maximum: Float

    package init(levelsPerUnit: Float, zero: Float, minimum: Float, maximum: Float) {
      self.levelsPerUnit = levelsPerUnit
      self.zero = zero
      self.minimum = minimum
      self.maximum = maximum
    }
  }

  /// What a sum stands for, O floats each.
  package var scale: UnsafePointer<Float>
  package var offset: UnsafePointer<Float>
  /// The normalization that follows, O floats each; both or neither.
  package var normScale: UnsafePointer<Float>?
  package var normShift: UnsafePointer<Float>?
  package var residual = Residual.none
  /// The activation; the identity unless set.
  package var negativeSlope: Float = 1
  package var upperBound = Float.infinity
  /// Meaningless where `codes` is nil.
  package var grid = Grid(levelsPerUnit: 1, zero: 0, minimum: 0, maximum: 255)
  /// Receives the codes of y.
  package var codes: UnsafeMutablePointer<UInt8>?
  /// Receives y.
  package var values: UnsafeMutablePointer<Float>?
  /// The output channels to compute, nil for all.
  ///
  /// Both bounds are multiples of `outputUnit`, or the number of channels.
  package var outputs: Range<Int>?

  /// Where Winograd's algorithms begin in the first row of tiles of the rows to compute, and where they end in the last one; nil for
  /// whole rows of tiles.
  package var tileColumns: (first: Int, end: Int)?

  /// Replaces all of the above but `outputs` by an ending in integers; not for Winograd's algorithm.
  package var fixed: FixedEnding?

  /// The granularity of a range of output channels.
  package static let outputUnit = 64

  package init(scale: UnsafePointer<Float>, offset: UnsafePointer<Float>) {
    self.scale = scale
    self.offset = offset
  }

  /// Calls `body` with the C structure.
  func withKernelEnding(_ body: (UnsafePointer<dfq_code_ending>) -> Void) {
    var ending = dfq_code_ending()
    ending.scale = scale
    ending.offset = offset
    ending.norm_scale = normScale
    ending.norm_shift = normShift
    switch residual {
    case .none: break
    case .values(let values): ending.residual = values
    case .codes(let codes, let offset, let levelsPerUnit, let mostCode):
      ending.residual_codes = codes
      ending.residual_offset = offset
      ending.residual_levels = levelsPerUnit
      ending.residual_most = Int32(mostCode)
    }
    ending.negative_slope = negativeSlope
    ending.upper_bound = upperBound
    ending.levels_per_unit = grid.levelsPerUnit
    ending.zero = grid.zero
    ending.qmin = grid.minimum
    ending.qmax = grid.maximum
    ending.codes = codes
    ending.values = values
    if let outputs {
      // An end of 0 stands for all outputs.
      if outputs.isEmpty { return }
      ending.first_output = Int32(outputs.lowerBound)
      ending.end_output = Int32(outputs.upperBound)
    }
    if let tileColumns {
      ending.first_tile = Int32(tileColumns.first)
      ending.end_tile = Int32(tileColumns.end)
    }
    guard let fixed else { return body(&ending) }
    fixed.withKernelEnding {
      ending.fixed = $0
      body(&ending)
    }
  }
}
