import DFQGraph
package import DFQTensor

extension Executor {
  /// Runs one batch N H W C forward and, where gradients are asked for, backward.
  ///
  /// - Throws: ``NetworkError`` where the images, the parameters or a node of the request do not fit
  ///   the network, and what the request's objectives throw.
  package func run(
    images: Tensor, parameters values: [Float], request: PassRequest
  ) throws -> PassResult {
    try check(images: images, parameters: values, request: request)
    let batch = images.rowCount
    let training = request.mode == .training
    let coupled =
      training || request.momentObjectives.contains { !$0.isPerImage }
    prepare(
      values, mode: request.mode, transposing: request.wantsGradient,
      keeping: !request.parameterGradient,
      isSingleImage: winograd.differsForSingleImage && !request.wantsGradient
        && batch <= Executor.shardCount(batch))
    let layout = layout(for: request)
    reserve(
      batch: batch, layout: layout, coupled: coupled, gradients: request.wantsGradient,
      training: training, teamsUp: teamsUp(batch: batch, request: request, coupled: coupled))
    if request.wantsGradient {
      context.pool.forEach(shardCount(batch)) { [self] shard, _ in
        if request.parameterGradient { shards[shard].parameterGradient.clear() }
        // Training-mode batch norm needs these sums for the gradient at the images too.
        shards[shard].normGradient.clear()
      }
    }

    let pass = Pass(
      executor: self, request: request, layout: layout, batch: batch, coupled: coupled)
    images.withUnsafeElements { source in
      pass.images = source.baseAddress
      if training {
        pass.runTraining()
      } else if coupled {
        pass.runCoupled()
      } else {
        pass.runSeparate()
      }
    }
    return pass.response()
  }
}
