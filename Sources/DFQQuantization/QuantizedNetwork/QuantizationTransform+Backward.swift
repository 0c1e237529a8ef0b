import DFQEngine
import DFQGraph
import DFQTensor

extension QuantizationTransform {
  package func backward(
    point: Int, image: Int, lane: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let isMixture =
      settings.trainsSelector && deciders[point] != nil && candidatesOf(point) > 1
    if student.quantizer.activations.learnsStep {
      learnedGradient(
        point, image: image, lane: lane, isMixture: isMixture, raw: raw, gradient: gradient)
    } else if isMixture {
      decisionGradient(point, image: image, lane: lane, raw: raw, gradient: gradient)
      mixtureGradient(point, image: image, lane: lane, raw: raw, gradient: gradient)
    } else if student.quantizer.backward == .clipped {
      clippedGradient(
        point, chosen(image, point), raw: raw, gradient: gradient, output: gradient)
    }
    if settings.trainsSelector, student.heads[point] != nil {
      headGradient(point, image: image, lane: lane)
    }
  }

  /// LSQ's gradients at the value and at the steps (equation 3): of the chosen grid, or of the
  /// mixture sum p_j Q_j(x), with the gradients at p_j.
  private func learnedGradient(
    _ point: Int, image: Int, lane: Int, isMixture: Bool, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let first = isMixture ? 0 : chosen(image, point)
    let candidates = isMixture ? candidatesOf(point) : 1
    let grids = student.activationGrids[point]
    let count = counts[point]
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * candidates) { constants in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * candidates) { sums in
        for place in 0..<candidates {
          constants[place] = grids[first + place].levelsPerUnit
          constants[candidates + place] = grids[first + place].lowest
          constants[2 * candidates + place] = grids[first + place].highest
          constants[3 * candidates + place] =
            isMixture ? memory.probabilities(image, deciders[point]!)[place] : 1
        }
        sums.initialize(repeating: 0)
        let start = constants.baseAddress!
        let dots = sums.baseAddress!
        kernels.learnedStepsBackward(
          x: raw, gradient: gradient, count: count, candidates: candidates, levelsPerUnit: start,
          minimum: start + candidates, maximum: start + 2 * candidates,
          share: start + 3 * candidates, xGradient: gradient, dots: isMixture ? dots : nil,
          stepGradient: dots + candidates)
        for place in 0..<candidates {
          let grid = grids[first + place]
          // LSQ's gradient scale, and d(step)/d(log step) = step.
          let scale = Double(grid.scale) / (Double(count) * Double(grid.highest)).squareRoot()
          memory.stepGradient(lane, point)[first + place] +=
            Double(constants[3 * candidates + place]) * sums[candidates + place] * scale
        }
        if isMixture { addDecision(point, image, dots: dots) }
      }
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
    addDecision(point, image, dots: dots)
  }

  private func addDecision(_ point: Int, _ image: Int, dots: UnsafePointer<Double>) {
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

  /// The gradient of the mixture sum p_j Q_j(x) at x, where the rule is the clipped one; with the
  /// identity every candidate passes the same gradient.
  private func mixtureGradient(
    _ point: Int, image: Int, lane: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    guard student.quantizer.backward == .clipped else { return }
    let probabilities = memory.probabilities(image, deciders[point]!)
    let count = counts[point]
    let sum = memory.work(lane)
    let part = sum + count
    sum.update(repeating: 0, count: count)
    for candidate in 0..<candidatesOf(point) where probabilities[candidate] > 1e-6 {
      clippedGradient(point, candidate, raw: raw, gradient: gradient, output: part)
      kernels.axpy(probabilities[candidate], x: part, count: count, y: sum)
    }
    gradient.update(from: sum, count: count)
  }

  /// The clipped straight-through estimator of one grid.
  private func clippedGradient(
    _ point: Int, _ candidate: Int, raw: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    let grid = student.activationGrids[point][candidate]
    kernels.clippedBackward(
      x: raw, gradient: gradient, count: counts[point], low: grid.lowestValue,
      high: grid.highestValue, xGradient: output)
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
