import DFQEngine
import DFQGraph
import DFQTensor

extension QuantizationTransform {
  package func backward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let slot = settings.trainsSelector ? plan.map.slotOfOutput[point] : nil
    let mixture = candidatesOf(point) > 1 ? slot : nil
    if student.quantizer.activations.learnsStep {
      learnedGradient(
        point, image: image, shard: shard, mixture: mixture, raw: raw, gradient: gradient)
    } else if let mixture {
      decisionGradient(point, mixture, image: image, raw: raw, gradient: gradient)
      mixtureGradient(point, mixture, image: image, shard: shard, raw: raw, gradient: gradient)
    } else if student.quantizer.backward == .clipped {
      clippedGradient(
        point, chosen(image, point), raw: raw, gradient: gradient, output: gradient)
    }
    // Every output that a decision governs comes later in the graph, so its gradient is complete.
    if settings.trainsSelector, let site = plan.map.siteAtOutput[point] {
      deciderGradient(site, image: image, shard: shard)
    }
  }

  /// LSQ's gradients at the value and at the steps (equation 3): of the chosen grid, or of the
  /// mixture sum p_j Q_j(x), with the gradients at p_j.
  private func learnedGradient(
    _ point: Int, image: Int, shard: Int, mixture: Int?, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let first = mixture == nil ? chosen(image, point) : 0
    let candidates = mixture == nil ? 1 : candidatesOf(point)
    let grids = student.activationGrids[point]
    let count = counts[point]
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * candidates) { constants in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * candidates) { sums in
        for place in 0..<candidates {
          constants[place] = grids[first + place].levelsPerUnit
          constants[candidates + place] = grids[first + place].lowest
          constants[2 * candidates + place] = grids[first + place].highest
          constants[3 * candidates + place] =
            mixture.map { probability($0, of: point, place, image: image) } ?? 1
        }
        sums.initialize(repeating: 0)
        let start = constants.baseAddress!
        let dots = sums.baseAddress!
        kernels.learnedStepsBackward(
          x: raw, gradient: gradient, count: count, candidates: candidates, levelsPerUnit: start,
          minimum: start + candidates, maximum: start + 2 * candidates,
          share: start + 3 * candidates, xGradient: gradient, dots: mixture == nil ? nil : dots,
          stepGradient: dots + candidates)
        for place in 0..<candidates {
          let grid = grids[first + place]
          // LSQ's gradient scale, and d(step)/d(log step) = step.
          let scale = Double(grid.scale) / (Double(count) * Double(grid.highest)).squareRoot()
          memory.stepGradient(shard, point)[first + place] +=
            Double(constants[3 * candidates + place]) * sums[candidates + place] * scale
        }
        if let mixture { addDecision(mixture, point, image, dots: dots) }
      }
    }
  }

  private func candidatesOf(_ point: Int) -> Int { student.placement.points[point].bits.count }

  /// The probability of a point's candidate: the sum over the decision's candidates that it stands
  /// for.
  private func probability(_ slot: Int, of point: Int, _ candidate: Int, image: Int) -> Float {
    let probabilities = memory.probabilities(image, slot)
    var sum: Float = 0
    for (decision, own) in plan.map.candidates(of: point).enumerated()
    where own == candidate { sum += probabilities[decision] }
    return sum
  }

  /// dLoss/dp_j: the candidates' values against the gradient, and the budget's price of their bits.
  private func decisionGradient(
    _ point: Int, _ slot: Int, image: Int, raw: UnsafePointer<Float>,
    gradient: UnsafePointer<Float>
  ) {
    let grids = student.activationGrids[point]
    var dots = [Double](repeating: 0, count: grids.count)
    kernels.fakeQuantizeDots(
      x: raw, gradient: gradient, count: counts[point], candidates: grids.count,
      levelsPerUnit: grids.map(\.levelsPerUnit), zero: grids.map(\.zero),
      minimum: grids.map(\.lowest), maximum: grids.map(\.highest), dots: &dots)
    addDecision(slot, point, image, dots: dots)
  }

  private func addDecision(
    _ slot: Int, _ point: Int, _ image: Int, dots: UnsafePointer<Double>
  ) {
    let target = memory.decisionGradient(image, slot)
    let bits = student.placement.points[point].bits
    var slope = settings.budgetSlope * shares[point]
    if settings.bitRatio != 0 {
      let probabilities = memory.probabilities(image, slot)
      let mean = plan.map.candidates(of: point).enumerated().reduce(Float(0)) {
        $0 + probabilities[$1.offset] * Float(bits[$1.element])
      }
      slope += settings.bitRatio / mean
    }
    for (decision, candidate) in plan.map.candidates(of: point).enumerated() {
      target[decision] += Float(dots[candidate]) + slope * Float(bits[candidate])
    }
  }

  /// The gradient of the mixture sum p_j Q_j(x) at x, where the rule is the clipped one; with the
  /// identity every candidate passes the same gradient.
  private func mixtureGradient(
    _ point: Int, _ slot: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    guard student.quantizer.backward == .clipped else { return }
    let count = counts[point]
    let sum = memory.work(shard)
    let part = sum + count
    sum.update(repeating: 0, count: count)
    for candidate in 0..<candidatesOf(point) {
      let probability = probability(slot, of: point, candidate, image: image)
      guard probability > 1e-6 else { continue }
      clippedGradient(point, candidate, raw: raw, gradient: gradient, output: part)
      kernels.axpy(probability, x: part, count: count, y: sum)
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

  /// Through the softmax into the decider's parameters: dLoss/dscore_j = p_j (dLoss/dp_j - sum_k p_k
  /// dLoss/dp_k).
  private func deciderGradient(_ site: Int, image: Int, shard: Int) {
    let entry = plan.entries[site]
    let candidates = entry.site.candidates.count
    let inverse = settings.noise == nil ? 1 : 1 / (plan.gumbelTemperature ?? 1)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: entry.site.scoreCount) { gradient in
      for group in entry.site.groups.indices {
        let probabilities = memory.probabilities(image, entry.firstSlot + group)
        let given = memory.decisionGradient(image, entry.firstSlot + group)
        var mean: Float = 0
        for candidate in 0..<candidates { mean += probabilities[candidate] * given[candidate] }
        for candidate in 0..<candidates {
          gradient[group * candidates + candidate] =
            probabilities[candidate] * (given[candidate] - mean) * inverse
          given[candidate] = 0
        }
      }
      withInput(entry, image: image) { input in
        student.selector!.decider.backward(
          input, scoreGradient: .init(gradient),
          into: .init(
            start: memory.selectorGradient(shard) + entry.parameters.lowerBound,
            count: entry.parameters.count))
      }
    }
  }
}
