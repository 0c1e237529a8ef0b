/// What follows exact sums, in real numbers: act(sum * scale[c] + offset[c] + residual *
/// residualScale), where `residual` is an integer as it is stored.
package struct RealEnding: Equatable {
  /// C each.
  package var scale: [Double]
  package var offset: [Double]
  /// The sizes that sums cannot exceed, C.
  package var mostSum: [Double]
  /// 0 where nothing is added.
  package var residualScale = 0.0
  package var mostResidual = 0.0
  /// The exponent of what a residual counts: 16 for codes that are added to sums of products, whose
  /// multiplier is smaller than the residual's by as much.
  package var residualShift = 0
  package var negativeSlope = 1.0
  package var upperBound = Double.infinity

  package init(scale: [Double], offset: [Double], mostSum: [Double]) {
    self.scale = scale
    self.offset = offset
    self.mostSum = mostSum
  }

  /// A size that no value exceeds.
  package var mostValue: Double {
    scale.indices.map {
      mostSum[$0] * abs(scale[$0]) + abs(offset[$0]) + mostResidual * abs(residualScale)
    }.max() ?? 0
  }

  /// Applies the normalization, residual and activation of an operation.
  mutating func append(
    _ ending: Operation.Ending, residual: FixedForm?, followsProducts: Bool
  ) {
    for channel in ending.scale.indices {
      scale[channel] *= Double(ending.scale[channel])
      offset[channel] =
        offset[channel] * Double(ending.scale[channel]) + Double(ending.shift[channel])
    }
    if let residual {
      residualScale = 1 / residual.levelsPerUnit
      mostResidual = residual.high
      if case .codes = residual, followsProducts { residualShift = 16 }
      for channel in offset.indices { offset[channel] -= residual.zero * residualScale }
    }
    negativeSlope = Double(ending.negativeSlope)
    upperBound = Double(ending.upperBound)
  }
}
