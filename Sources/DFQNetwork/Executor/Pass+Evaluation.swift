import DFQTensor

/// Passes with running statistics: batch norm is affine, so nothing but a loss on the batch's
/// moments couples images.
extension Pass {
  /// Each image forward and backward before the next of its lane: its values stay in the cache.
  func runSeparate() {
    forEachImage { [self] image, lane in
      let arena = arena(image, lane)
      executor.load(images!, image: image, lane: lane, arena: arena)
      executor.forward(steps: 0..<plan.steps.count, image: image, lane: lane, arena: arena)
      keepOutputs(image, arena)
      finish(image, lane: lane, arena: arena, gradients: nil)
    }
  }

  /// All images forward, the batch's moments, all images backward.
  func runCoupled() {
    let batchObjectives = request.momentObjectives.indices.filter {
      !request.momentObjectives[$0].isPerImage
    }
    prepareMoments(
      batchObjectives.map { plan.graph.nodes[request.momentObjectives[$0].node].outputShape })
    forEachImage { [self] image, lane in
      let arena = arena(image, lane)
      executor.load(images!, image: image, lane: lane, arena: arena)
      executor.forward(steps: 0..<plan.steps.count, image: image, lane: lane, arena: arena)
      keepOutputs(image, arena)
      for (place, objective) in batchObjectives.enumerated() {
        gatherMoments(
          place, node: request.momentObjectives[objective].node, lane: lane, arena: arena)
      }
    }
    for (place, index) in batchObjectives.enumerated() {
      let objective = request.momentObjectives[index]
      let (mean, variance, count) = reducedMoments(place, node: objective.node)
      let loss = objective.evaluate(mean: mean, variance: variance, count: count)
      momentLosses[index] = loss.value
      momentGradients[index] = loss.affine(
        mean: mean, count: count, scale: Double(objective.weight))
    }
    forEachImage { [self] image, lane in
      finish(image, lane: lane, arena: arena(image, lane), gradients: nil)
    }
  }

  /// Evaluates the losses of one image and, where wanted, runs its backward pass.
  private func finish(
    _ image: Int, lane: Int, arena: UnsafeMutablePointer<Float>,
    gradients given: UnsafeMutablePointer<Float>?
  ) {
    guard request.wantsGradient else {
      evaluateWithoutGradient(image, arena: arena)
      return
    }
    let gradients = executor.gradientArena(lane)
    let wanted = Executor.Wanted(
      images: request.imageGradient, parameters: request.parameterGradient)
    for position in plan.steps.indices.reversed() {
      complete(
        plan.steps[position].output, image: image, lane: lane, arena: arena, gradients: gradients)
      executor.backward(
        position, image: image, lane: lane, wanted: wanted, arena: arena, gradients: gradients)
    }
    completeInput(image, lane: lane, arena: arena, gradients: gradients)
  }
}
