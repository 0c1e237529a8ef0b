import DFQGraph
import DFQTensor

extension LossAccumulator {
  /// Completes the gradient at a step's output once all its consumers have written theirs: the
  /// correction of a batch norm, then through the quantizer, plus losses.
  func complete(_ node: Int, image: Int, group: ImageGroup) {
    if let correction, correction.node == node { correct(image, group: group) }
    addLosses(at: node, image: image, group: group)
  }

  /// Adds the correction of a batch norm to the gradient at its input.
  func correct(_ image: Int, group: ImageGroup) {
    guard let correction else { return }
    let node = correction.node
    let channels = plan.channels[node]
    kernels.addChannelAffine(
      x: group.source(node, image), a: correction.gradient.offset, b: correction.gradient.slope,
      pixels: plan.count(node) / channels, channels: channels, accumulate: true,
      gradient: group.gradients[image] + plan.gradientOffset[node]!)
  }

  private func addLosses(at node: Int, image: Int, group: ImageGroup) {
    let g = group.gradients[image] + plan.gradientOffset[node]!
    let count = plan.count(node)
    if !plan.hasConsumer[node] { g.update(repeating: 0, count: count) }
    if let point = plan.transformPoint[node] {
      transform!.backward(
        point: point, image: image, shard: group.shard, raw: group.value(node, image), gradient: g)
    }
    for index in imageObjectivesByNode[node] {
      let objective = request.imageObjectives[index]
      losses[index * batch + image] = objective.evaluate(
        image: image, value: .init(start: group.value(node, image), count: count),
        gradient: .init(start: g, count: count), scale: objective.weight / Float(batch))
    }
    guard !moments.isCorrected(node) else { return }
    for index in momentObjectivesByNode[node] {
      let gradient = momentGradients[index] ?? imageMomentGradient(index, image, group)
      let channels = gradient.offset.count
      kernels.addChannelAffine(
        x: group.value(node, image), a: gradient.offset, b: gradient.slope,
        pixels: count / channels, channels: channels, accumulate: true, gradient: g)
    }
  }

  /// Completes and keeps the gradient at the images.
  func completeInput(_ image: Int, group: ImageGroup) {
    guard let imageGradient else {
      // Losses at the images still count, though nobody asked for the gradient there.
      for index in momentObjectivesByNode[0] where momentGradients[index] == nil {
        _ = imageMomentGradient(index, image, group)
      }
      for index in imageObjectivesByNode[0] { evaluateValue(index, image, group) }
      return
    }
    addLosses(at: 0, image: image, group: group)
    let count = plan.count(0)
    (imageGradient.start + image * count).update(
      from: group.gradients[image] + plan.gradientOffset[0]!, count: count)
  }

  /// Evaluates a per-image moment loss, keeps its value and returns its affine gradient.
  private func imageMomentGradient(
    _ index: Int, _ image: Int, _ group: ImageGroup
  ) -> ChannelAffine {
    let objective = request.momentObjectives[index]
    let shape = plan.graph.nodes[objective.node].outputShape
    let channels = shape.dimensions.last!
    let count = shape.count / channels
    var sums = [Double](repeating: 0, count: 2 * channels)
    sums.withUnsafeMutableBufferPointer {
      kernels.moments(
        x: group.value(objective.node, image), pixels: count, channels: channels,
        sum: $0.baseAddress!, squareSum: $0.baseAddress! + channels)
    }
    let (mean, variance) = PassMoments.meanAndVariance(sums, count: count)
    let loss = objective.evaluate(image: image, mean: mean, variance: variance, count: count)
    imageMomentLosses[index * batch + image] = loss.value
    return loss.affine(
      mean: mean, count: count, scale: Double(objective.weight) / Double(batch))
  }

  /// The losses without gradients, where none are wanted.
  func evaluateWithoutGradient(_ image: Int, group: ImageGroup) {
    for index in request.imageObjectives.indices { evaluateValue(index, image, group) }
    for index in request.momentObjectives.indices
    where request.momentObjectives[index].isPerImage {
      _ = imageMomentGradient(index, image, group)
    }
  }

  /// The value of one image objective.
  private func evaluateValue(_ index: Int, _ image: Int, _ group: ImageGroup) {
    let objective = request.imageObjectives[index]
    let count = plan.count(objective.node)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { unused in
      unused.initialize(repeating: 0)
      losses[index * batch + image] = objective.evaluate(
        image: image, value: .init(start: group.value(objective.node, image), count: count),
        gradient: unused, scale: 0)
    }
  }
}
