import DFQGraph
import DFQTensor

/// Passes with running statistics: batch norm is affine, so nothing but a loss on the batch's
/// moments couples images.
extension Pass {
  /// Each group forward and backward before the next of its shard: its values stay in the cache.
  func runSeparate() {
    let steps = neededSteps
    forEachGroup { [self] group in
      load(group)
      runner.forward(steps: steps, group: group)
      keepOutputs(group)
      finish(group)
    }
  }

  /// The steps up to the last value that somebody asked for.
  private var neededSteps: Range<Int> {
    let nodes = Set(
      request.outputs + request.imageObjectives.map(\.node) + request.momentObjectives.map(\.node))
    guard !policy.wantsGradient, !nodes.isEmpty else { return 0..<plan.steps.count }
    let last = plan.steps.lastIndex { nodes.contains($0.output) } ?? -1
    // A convolution and the normalization behind it are computed in one go.
    return 0..<min(last + 2, plan.steps.count)
  }

  /// Each image on all threads.
  func runTeam() {
    forEachImageInTeam { [self] group, member, team in
      if member == 0 { load(group) }
      team.wait()
      runner.forward(group: group, member: member, team: team)
      guard member == 0 else { return }
      keepOutputs(group)
      finish(group)
    }
  }

  /// All images forward, the batch's moments, all images backward: the values that this needs are kept or computed once more.
  func runCoupled() {
    let objectives = request.momentObjectives.indices.filter {
      !request.momentObjectives[$0].isPerImage
    }
    losses.moments = PassMoments(
      objectives.map { request.momentObjectives[$0].node }, plan: plan,
      shards: reduction.shards.count)
    inSweeps { [self] sweeps in
      sweeps.forEachGroup { group in
        load(group)
        runner.forward(steps: 0..<plan.steps.count, group: group)
        keepOutputs(group)
      }
      sweeps.once { losses.evaluateMoments(objectives, reduction: reduction) }
      sweeps.forEachGroup { group in
        if policy.recomputes {
          load(group)
          runner.forward(steps: 0..<plan.steps.count, group: group)
        }
        finish(group)
      }
    }
  }

  /// Evaluates the losses of a group and, where wanted, runs its backward pass.
  private func finish(_ group: ImageGroup) {
    guard policy.wantsGradient else {
      for image in group.images { losses.evaluateWithoutGradient(image, group: group) }
      return
    }
    runner.backward(steps: 0..<plan.steps.count, group: group, losses: losses)
    for image in group.images { losses.completeInput(image, group: group) }
  }
}
