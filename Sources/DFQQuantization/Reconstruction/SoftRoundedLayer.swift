/// The weights of a layer while their rounding is learned: floor(w / s), and the variables V that decide how much is
/// added.
package struct SoftRoundedLayer {
  /// The layer's position in the placement.
  package let index: Int
  /// The codes below the weights, which may lie outside of the grid.
  private let floors: [Float]
  private let grids: [Grid]
  /// V, weight by weight in the order of the parameters.
  package var variables: [Float]
  /// h(V) of the last ``values(into:)``.
  package private(set) var shares: [Float]

  /// Starts with h(V) = w / s - floor(w / s), so that nothing is rounded yet.
  package init(index: Int, weights: some Collection<Float>, grids: [Grid]) {
    self.index = index
    self.grids = grids
    let slots = grids.count
    var floors: [Float] = []
    var shares: [Float] = []
    floors.reserveCapacity(weights.count)
    shares.reserveCapacity(weights.count)
    for (place, weight) in weights.enumerated() {
      let grid = grids[place % slots]
      let code = weight * grid.levelsPerUnit - grid.zero
      let floor = code.rounded(.down)
      floors.append(floor)
      shares.append(code - floor)
    }
    self.floors = floors
    self.shares = shares
    variables = shares.map { RectifiedSigmoid.variable(share: $0) }
  }

  /// The number of weights.
  package var count: Int { floors.count }

  /// Writes the weights w~ of the current variables.
  package mutating func values(into target: UnsafeMutablePointer<Float>) {
    let slots = grids.count
    var slot = 0
    for place in floors.indices {
      let grid = grids[slot]
      shares[place] = RectifiedSigmoid.share(variables[place])
      let code = min(max(floors[place] + shares[place], grid.lowest), grid.highest)
      target[place] = (code + grid.zero) / grid.levelsPerUnit
      slot = slot + 1 == slots ? 0 : slot + 1
    }
  }

  /// dLoss/dV from the gradient at w~, with the penalty's where there is an exponent.
  ///
  /// A weight whose code is clipped by the grid has no gradient but the penalty's.
  package func gradient(
    _ weightGradient: UnsafeBufferPointer<Float>, penalty: Float, exponent: Float?
  ) -> [Float] {
    let slots = grids.count
    var slot = 0
    return floors.indices.map { place in
      let (share, grid) = (shares[place], grids[slot])
      slot = slot + 1 == slots ? 0 : slot + 1
      // Most decisions are taken early: they have no gradient, and no power is computed for them.
      let change = RectifiedSigmoid.slope(share: share)
      guard change != 0 else { return 0 }
      let code = floors[place] + share
      var slope: Float = 0
      if code >= grid.lowest, code <= grid.highest {
        slope = weightGradient[place] / grid.levelsPerUnit
      }
      if let exponent {
        slope += penalty * RectifiedSigmoid.penaltySlope(share: share, exponent: exponent)
      }
      return slope * change
    }
  }

  /// The sum of the penalties, without λ.
  package func penalty(exponent: Float) -> Double {
    shares.reduce(0) { $0 + Double(RectifiedSigmoid.penalty(share: $1, exponent: exponent)) }
  }

  /// The weights' final values: up where h(V) is at least a half.
  package func roundedValues() -> [Float] {
    floors.indices.map { place in
      let grid = grids[place % grids.count]
      let up: Float = RectifiedSigmoid.share(variables[place]) >= 0.5 ? 1 : 0
      return grid.value(Int(min(max(floors[place] + up, grid.lowest), grid.highest)))
    }
  }
}
