import DFQNetwork
import DFQTensor

extension QuantizationTransform {
  package func backward(
    point: Int, image: Int, lane: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let isMixture =
      settings.trainsSelector && deciders[point] != nil && candidatesOf(point) > 1
    if isMixture {
      decisionGradient(point, image: image, lane: lane, raw: raw, gradient: gradient)
      mixtureGradient(point, image: image, lane: lane, raw: raw, gradient: gradient)
    } else {
      let choice = chosen(image, point)
      gridGradient(
        point, choice, lane: lane, raw: raw, gradient: gradient, output: gradient, share: 1)
    }
    if settings.trainsSelector, student.heads[point] != nil {
      headGradient(point, image: image, lane: lane)
    }
  }

  private func candidatesOf(_ point: Int) -> Int { student.placement.points[point].bits.count }

  /// dLoss/dp_j: the candidates' values against the gradient, and the budget's price of their bits.
  private func decisionGradient(
    _ point: Int, image: Int, lane: Int, raw: UnsafePointer<Float>, gradient: UnsafePointer<Float>
  ) {
    let grids = student.activationGrids[point]
    var dots = [Double](repeating: 0, count: grids.count)
    kernels.fakeQuantizeDots(
      x: raw, gradient: gradient, count: counts[point], candidates: grids.count,
      levelsPerUnit: grids.map(\.levelsPerUnit), zero: grids.map(\.zero),
      minimum: grids.map(\.lowest), maximum: grids.map(\.highest), dots: &dots)
    let target = sharedGradient(point, image)
    for (candidate, bits) in student.placement.points[point].bits.enumerated() {
      target[candidate] +=
        Float(dots[candidate]) + settings.budgetSlope * shares[point] * Float(bits)
    }
  }

  /// Where the gradient at a point's probabilities is added up: a decision of its own uses the
  /// lane-private half of the image's room, which `headGradient` clears again.
  private func sharedGradient(_ point: Int, _ image: Int) -> UnsafeMutablePointer<Float> {
    memory.shared.baseAddress! + image * candidates
  }

  /// The gradient of the mixture sum p_j Q_j(x) at x and at the steps.
  private func mixtureGradient(
    _ point: Int, image: Int, lane: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    // With the identity rule every candidate passes the same gradient.
    guard student.quantizer.activations.learnsStep || student.quantizer.backward == .clipped else {
      return
    }
    let probabilities = memory.probabilities(image, deciders[point]!)
    let count = counts[point]
    let sum = memory.work(lane)
    let part = sum + count
    sum.update(repeating: 0, count: count)
    for candidate in 0..<candidatesOf(point) where probabilities[candidate] > 1e-6 {
      gridGradient(
        point, candidate, lane: lane, raw: raw, gradient: gradient, output: part,
        share: Double(probabilities[candidate]))
      kernels.axpy(probabilities[candidate], x: part, count: count, y: sum)
    }
    gradient.update(from: sum, count: count)
  }

  /// The gradient through one grid: LSQ's where steps are learned (equation 3), else clipped or
  /// unchanged.
  private func gridGradient(
    _ point: Int, _ candidate: Int, lane: Int, raw: UnsafePointer<Float>,
    gradient: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, share: Double
  ) {
    let grid = student.activationGrids[point][candidate]
    let count = counts[point]
    if student.quantizer.activations.learnsStep {
      var step = 0.0
      kernels.learnedStepBackward(
        x: raw, gradient: gradient, count: count, levelsPerUnit: grid.levelsPerUnit,
        minimum: grid.lowest, maximum: grid.highest, xGradient: output, stepGradient: &step)
      // LSQ's gradient scale, and d(step)/d(log step) = step.
      let scale = 1 / (Double(count) * Double(grid.highest)).squareRoot()
      memory.stepGradient(lane, point)[candidate] += share * step * scale * Double(grid.scale)
    } else if student.quantizer.backward == .clipped {
      kernels.clippedBackward(
        x: raw, gradient: gradient, count: count, low: grid.lowestValue, high: grid.highestValue,
        xGradient: output)
    }
  }

  /// Through the softmax into the head's parameters: dLoss/dlogit_j = p_j (dLoss/dp_j - sum_k p_k
  /// dLoss/dp_k).
  private func headGradient(_ point: Int, image: Int, lane: Int) {
    let head = student.heads[point]!
    let probabilities = memory.probabilities(image, point)
    let given = sharedGradient(point, image)
    var mean: Float = 0
    for candidate in 0..<head.candidates { mean += probabilities[candidate] * given[candidate] }
    for candidate in 0..<head.candidates {
      given[candidate] = probabilities[candidate] * (given[candidate] - mean)
    }
    student.selectorParameters.withUnsafeBufferPointer {
      head.backward(
        memory.features(image) + head.standardization.lowerBound / 2,
        parameters: $0.baseAddress!, work: memory.hidden(image, point), logitGradient: given,
        gradient: memory.selectorGradient(lane))
    }
    for candidate in 0..<candidates { given[candidate] = 0 }
  }
}
