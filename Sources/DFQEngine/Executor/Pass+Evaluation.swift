import DFQGraph
import DFQTensor

/// Passes with running statistics: batch norm is affine, so nothing but a loss on the batch's
/// moments couples images.
extension Pass {
  /// Each group forward and backward before the next of its shard: its values stay in the cache.
  func runSeparate() {
    if executor.teamsUp(batch: batch, request: request, coupled: coupled) {
      return runTeam()
    }
    forEachGroup { [self] group in
      load(group)
      executor.forward(steps: 0..<plan.steps.count, group: group)
      keepOutputs(group)
      finish(group)
    }
  }

  /// Each image on all threads.
  private func runTeam() {
    forEachImageInTeam { [self] group, member, team in
      if member == 0 { load(group) }
      team.wait()
      executor.forward(group: group, member: member, team: team)
      guard member == 0 else { return }
      keepOutputs(group)
      finish(group)
    }
  }

  /// All images forward, the batch's moments, all images backward.
  func runCoupled() {
    let batchObjectives = request.momentObjectives.indices.filter {
      !request.momentObjectives[$0].isPerImage
    }
    moments = PassMoments(
      batchObjectives.map { request.momentObjectives[$0].node }, plan: plan,
      shards: executor.shardCount(batch))
    inSweeps { [self] sweeps in
      sweeps.forEachGroup { group in
        load(group)
        executor.forward(steps: 0..<plan.steps.count, group: group)
        keepOutputs(group)
      }
      sweeps.once { evaluateMoments(batchObjectives) }
      sweeps.forEachGroup { group in finish(group) }
    }
  }

  /// The losses on the batch's moments, and their gradients.
  private func evaluateMoments(_ objectives: [Int]) {
    for index in objectives {
      let objective = request.momentObjectives[index]
      let (mean, variance, count) = moments.reduced(objective.node, batch: batch)
      let loss = objective.evaluate(mean: mean, variance: variance, count: count)
      momentLosses[index] = loss.value
      let gradient = loss.affine(mean: mean, count: count, scale: Double(objective.weight))
      momentGradients[index] = gradient
      if momentObjectivesByNode[objective.node].count == 1, plan.endsInNormalization(objective.node)
      {
        moments.correct(objective.node, gradient)
      }
    }
  }

  /// Evaluates the losses of a group and, where wanted, runs its backward pass.
  private func finish(_ group: ImageGroup) {
    guard request.wantsGradient else {
      for image in group.images { evaluateWithoutGradient(image, group: group) }
      return
    }
    let wanted = Executor.Wanted(
      images: request.imageGradient, parameters: request.parameterGradient)
    executor.backward(steps: 0..<plan.steps.count, group: group, wanted: wanted) { node, image in
      complete(node, image: image, group: group)
    }
    for image in group.images { completeInput(image, group: group) }
  }
}
