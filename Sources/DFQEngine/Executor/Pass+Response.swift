import DFQGraph
import DFQTensor

extension Pass {
  /// Gathers what the shards computed, in a fixed order.
  func response() -> PassResult {
    var response = PassResult()
    for (index, objective) in request.imageObjectives.enumerated() {
      let values = (0..<batch).map { losses[index * batch + $0] }
      let mean = values.reduce(0, +) / Double(batch)
      response.lossesByImage.append(values)
      response.imageLosses.append(mean)
      response.totalLoss += Double(objective.weight) * mean
    }
    for (index, objective) in request.momentObjectives.enumerated() {
      if objective.isPerImage {
        let sum = (0..<batch).reduce(0.0) { $0 + imageMomentLosses[index * batch + $1] }
        momentLosses[index] = sum / Double(batch)
      }
      response.totalLoss += Double(objective.weight) * momentLosses[index]
    }
    response.momentLosses = momentLosses
    if request.mode == .training {
      let nodes = plan.normSteps.map { position in
        if case .normalization(let norm) = plan.steps[position].kind { norm.node } else { 0 }
      }
      response.batchStatistics = zip(nodes, statistics).sorted { $0.0 < $1.0 }.map(\.1)
    }
    for (place, node) in request.outputs.enumerated() {
      let shape = Shape([batch] + plan.graph.nodes[node].outputShape.dimensions)
      response.outputs.append(tensor(outputs[place], shape))
    }
    if let imageGradient {
      response.imageGradient = tensor(
        imageGradient, Shape([batch] + plan.graph.inputShape.dimensions))
    }
    if request.parameterGradient { response.parameterGradient = parameterGradient() }
    return response
  }

  private func tensor(_ buffer: FloatBuffer, _ shape: Shape) -> Tensor {
    Tensor(
      shape: shape,
      elements: Array(UnsafeBufferPointer(start: buffer.start, count: shape.count)))
  }

  /// The shards' sums in order, and batch norm's gradients from those at its scale and shift.
  private func parameterGradient() -> [Float] {
    let count = executor.banks * plan.layout.count
    // Fresh memory would cost as much time as the sums: the system clears it page by page.
    var total = executor.spareGradient
    executor.spareGradient = []
    if total.count != count { total = [Float](repeating: 0, count: count) }
    total.withUnsafeMutableBufferPointer {
      addLanes(to: $0.baseAddress!, count: count)
      addNormGradients(to: $0.baseAddress!)
    }
    executor.spareGradient = total
    return total
  }

  private func addLanes(to total: UnsafeMutablePointer<Float>, count: Int) {
    let shards = executor.shards.prefix(executor.shardCount(batch))
    let kernels = executor.context.kernels
    nonisolated(unsafe) let total = total
    // A part stays in the cache from shard to shard.
    let part = 1 << 14
    executor.context.pool.forEach((count + part - 1) / part) { piece, _ in
      let start = piece * part
      let size = min(part, count - start)
      (total + start).update(from: shards[0].parameterGradient.start + start, count: size)
      for shard in shards.dropFirst() {
        kernels.axpy(
          1, x: shard.parameterGradient.start + start, count: size, y: total + start)
      }
    }
  }

  private func addNormGradients(to total: UnsafeMutablePointer<Float>) {
    for position in plan.normSteps {
      guard case .normalization(let norm) = plan.steps[position].kind, let index = norm.index
      else { continue }
      guard let scaleEntry = norm.scaleEntry, let shiftEntry = norm.shiftEntry else { continue }
      for channel in 0..<norm.channels {
        let (sumX, sum) = normSums(norm, channel)
        let mean: Double
        let variance: Double
        if request.mode == .training {
          (mean, variance) = (statistics[index].mean[channel], statistics[index].variance[channel])
        } else {
          mean = Double(executor.parameters.start[norm.meanEntry!.lowerBound + channel])
          variance = Double(executor.parameters.start[norm.varianceEntry!.lowerBound + channel])
        }
        let inverse = 1 / (variance + Double(norm.norm!.epsilon)).squareRoot()
        total[scaleEntry.lowerBound + channel] = Float((sumX - mean * sum) * inverse)
        total[shiftEntry.lowerBound + channel] = Float(sum)
      }
    }
  }
}
