import DFQGraph
import DFQTensor

/// Passes in which batch norm uses the batch's own statistics: every normalization is a barrier,
/// forward and backward.
extension Pass {
  private func norm(_ position: Int) -> NormalizationStep {
    guard case .normalization(let norm) = plan.steps[position].kind else {
      preconditionFailure("step \(position) is no normalization")
    }
    return norm
  }

  func runTraining() {
    prepareMoments()
    inSweeps { [self] sweeps in
      forwardTraining(&sweeps)
      if policy.wantsGradient { backwardTraining(&sweeps) }
    }
  }

  func prepareMoments() {
    losses.moments = PassMoments(
      plan.normSteps.map { plan.steps[$0].inputs[0] }, plan: plan, shards: reduction.shards.count)
  }

  func forwardTraining(_ sweeps: inout Sweeps) {
    var next = 0
    for position in plan.normSteps {
      let range = next..<position
      sweeps.forEachGroup { group in
        if range.lowerBound == 0 { load(group) }
        runner.forward(steps: range, group: group)
      }
      sweeps.once {
        let (mean, variance, _) = losses.moments.reduced(
          plan.steps[position].inputs[0], reduction)
        statistics.append((mean, variance))
        runner.weights.setNorm(
          norm(position), mean: { mean[$0] }, variance: { variance[$0] })
      }
      next = position
    }
    let rest = next..<plan.steps.count
    sweeps.forEachGroup { group in
      if rest.lowerBound == 0 { load(group) }
      runner.forward(steps: rest, group: group)
      keepOutputs(group)
      guard !policy.wantsGradient else { return }
      for image in group.images { losses.evaluateWithoutGradient(image, group: group) }
    }
  }

  /// Between two normalizations: finish the upper one's gradient, go down, and add up the lower
  /// one's sums.
  func backwardTraining(_ sweeps: inout Sweeps) {
    var upper = plan.steps.count
    for lower in plan.normSteps.reversed() + [-1] {
      let positions = max(lower, 0)..<upper
      let isLate = completesCorrectedNode(positions)
      sweeps.forEachGroup { group in
        if !isLate {
          for image in group.images { losses.correct(image, group: group) }
        }
        runner.backward(steps: positions, group: group, losses: losses)
        if lower < 0 {
          for image in group.images { losses.completeInput(image, group: group) }
        }
      }
      guard lower >= 0 else { return }
      sweeps.once { losses.correction = batchCorrection(lower) }
      upper = lower
    }
  }

  /// Whether one of the steps reads the gradient that waits for a correction: it is then added right
  /// before it is read, while the gradient is in the cache.
  private func completesCorrectedNode(_ positions: Range<Int>) -> Bool {
    guard let correction = losses.correction else { return false }
    return positions.contains { plan.steps[$0].output == correction.node }
  }

  /// The part of a batch norm's gradient that comes through the batch's mean and variance: with m
  /// the masked gradient, dx = scale * (m - mean(m) - xhat * mean(m * xhat)); the first term is
  /// already there, the rest is affine in x.
  private func batchCorrection(_ position: Int) -> LossAccumulator.Correction {
    let norm = norm(position)
    let (mean, variance) = statistics[norm.index!]
    let count = Double(batch * norm.pixels)
    var offset = [Float](repeating: 0, count: norm.channels)
    var slope = offset
    let sums = normSums(norm)
    for channel in 0..<norm.channels {
      let (sumX, sum) = (sums.x[channel], sums.one[channel])
      let inverse = 1 / (variance[channel] + Double(norm.norm!.epsilon)).squareRoot()
      let sumHat = (sumX - mean[channel] * sum) * inverse
      let scale = Double(runner.weights.normalizations.start[norm.prepared + channel])
      let perX = -scale * sumHat * inverse / count
      slope[channel] = Float(perX)
      offset[channel] = Float(-scale * sum / count - perX * mean[channel])
    }
    return .init(node: plan.steps[position].inputs[0], gradient: (offset, slope))
  }

  /// Sums of masked * x and of masked over the batch, by channel.
  func normSums(_ norm: NormalizationStep) -> (x: [Double], one: [Double]) {
    let (scale, shift) = (norm.prepared, norm.shift)
    return (
      reduction.total(arena.normGradient, scale..<scale + norm.channels),
      reduction.total(arena.normGradient, shift..<shift + norm.channels)
    )
  }
}
