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
    moments = PassMoments(
      plan.normSteps.map { plan.steps[$0].inputs[0] }, plan: plan,
      shards: executor.shardCount(batch))
    inSweeps { [self] sweeps in
      forwardTraining(&sweeps)
      if request.wantsGradient { backwardTraining(&sweeps) }
    }
  }

  private func forwardTraining(_ sweeps: inout Sweeps) {
    var next = 0
    for position in plan.normSteps {
      let range = next..<position
      sweeps.forEachGroup { group in
        if range.lowerBound == 0 { load(group) }
        executor.forward(steps: range, group: group)
      }
      sweeps.once {
        let (mean, variance, _) = moments.reduced(plan.steps[position].inputs[0], batch: batch)
        statistics.append((mean, variance))
        executor.setNorm(norm(position), mean: { mean[$0] }, variance: { variance[$0] })
      }
      next = position
    }
    let rest = next..<plan.steps.count
    sweeps.forEachGroup { group in
      if rest.lowerBound == 0 { load(group) }
      executor.forward(steps: rest, group: group)
      keepOutputs(group)
      guard !request.wantsGradient else { return }
      for image in group.images { evaluateWithoutGradient(image, group: group) }
    }
  }

  /// Between two normalizations: finish the upper one's gradient, go down, and add up the lower
  /// one's sums.
  private func backwardTraining(_ sweeps: inout Sweeps) {
    let wanted = Executor.Wanted(
      images: request.imageGradient, parameters: request.parameterGradient)
    var upper = plan.steps.count
    for lower in plan.normSteps.reversed() + [-1] {
      let positions = max(lower, 0)..<upper
      let late = correctedNode(by: positions)
      sweeps.forEachGroup { group in
        if let correction, late == nil {
          for image in group.images { correct(correction, image: image, group: group) }
        }
        executor.backward(steps: positions, group: group, wanted: wanted) { node, image in
          if let correction, node == late { correct(correction, image: image, group: group) }
          complete(node, image: image, group: group)
        }
        if lower < 0 { for image in group.images { completeInput(image, group: group) } }
      }
      guard lower >= 0 else { return }
      sweeps.once { correction = batchCorrection(lower) }
      upper = lower
    }
  }

  /// The node at which the correction is added right before its gradient is read, while it is in
  /// the cache; nil where none of the steps reads it.
  private func correctedNode(by positions: Range<Int>) -> Int? {
    guard let correction else { return nil }
    let node = plan.steps[correction.position].inputs[0]
    return positions.contains { plan.steps[$0].output == node } ? node : nil
  }

  /// The part of a batch norm's gradient that comes through the batch's mean and variance: with m
  /// the masked gradient, dx = scale * (m - mean(m) - xhat * mean(m * xhat)); the first term is
  /// already there, the rest is affine in x.
  private func batchCorrection(
    _ position: Int
  ) -> (position: Int, offset: [Float], slope: [Float]) {
    let norm = norm(position)
    let (mean, variance) = statistics[norm.index!]
    let count = Double(batch * norm.pixels)
    var offset = [Float](repeating: 0, count: norm.channels)
    var slope = offset
    for channel in 0..<norm.channels {
      let (sumX, sum) = normSums(norm, channel)
      let inverse = 1 / (variance[channel] + Double(norm.norm!.epsilon)).squareRoot()
      let sumHat = (sumX - mean[channel] * sum) * inverse
      let scale = Double(executor.normMemory.start[norm.prepared + channel])
      let perX = -scale * sumHat * inverse / count
      slope[channel] = Float(perX)
      offset[channel] = Float(-scale * sum / count - perX * mean[channel])
    }
    return (position, offset, slope)
  }

  private func correct(
    _ correction: (position: Int, offset: [Float], slope: [Float]), image: Int,
    group: ImageGroup
  ) {
    let norm = norm(correction.position)
    let input = plan.steps[correction.position].inputs[0]
    executor.context.kernels.addChannelAffine(
      x: group.source(input, image), a: correction.offset, b: correction.slope,
      pixels: norm.pixels, channels: norm.channels, accumulate: true,
      gradient: group.gradients[image] + plan.gradientOffset[input]!)
  }

  /// Sums of masked * x and of masked over the batch: the shards' in order.
  func normSums(_ norm: NormalizationStep, _ channel: Int) -> (Double, Double) {
    var sums = (0.0, 0.0)
    for shard in executor.shards.prefix(executor.shardCount(batch)) {
      sums.0 += Double(shard.normGradient.start[norm.prepared + channel])
      sums.1 += Double(shard.normGradient.start[norm.shift + channel])
    }
    return sums
  }
}
