/// What ways of rounding share that choose codes one by one.
extension RoundedLayer {
  /// Replaces each weight by the value of its code.
  public func write(_ codes: [Int32], to values: UnsafeMutableBufferPointer<Float>) {
    for (index, code) in codes.enumerated() { values[index] = grid(of: index).value(Int(code)) }
  }

  /// Stops the gradient at clipped weights, in place, and returns the gradient at the logarithm of each grid's step: those of
  /// ``NearestRounding`` (LSQ, Esser et al., ICLR 2020, equation 3) with other codes.
  ///
  /// - Returns: Nothing where no step is learned and nothing is clipped.
  public func straightThrough(
    _ codes: [Int32], gradient: UnsafeMutableBufferPointer<Float>
  ) -> [Float] {
    guard learnsStep || backward == .clipped else { return [] }
    var sums = [Double](repeating: 0, count: grids.count)
    for (index, code) in codes.enumerated() {
      let slot = grids.count == 1 ? 0 : index % channels
      let grid = grids[slot]
      let v = weights[index] * grid.levelsPerUnit - grid.zero
      if v < grid.lowest || v > grid.highest {
        sums[slot] += Double(gradient[index] * (Float(code) + grid.zero))
        gradient[index] = 0
      } else {
        sums[slot] += Double(gradient[index] * (Float(code) - v))
      }
    }
    let perStep = Double(weights.count / grids.count)
    return sums.indices.map { slot in
      let scale = 1 / (perStep * Double(grids[slot].highest)).squareRoot()
      return Float(sums[slot] * scale) * grids[slot].scale
    }
  }
}
