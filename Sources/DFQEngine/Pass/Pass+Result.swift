import DFQGraph
import DFQTensor

extension Pass {
  /// Gathers what the shards computed, in a fixed order.
  func result() -> PassResult {
    var result = PassResult()
    losses.report(to: &result, reduction: reduction)
    if policy.coupling == .batchNorm {
      let nodes = plan.normSteps.map { position in
        if case .normalization(let norm) = plan.steps[position].kind { norm.node } else { 0 }
      }
      result.batchStatistics = zip(nodes, statistics).sorted { $0.0 < $1.0 }.map(\.1)
    }
    result.outputs = keptOutputs()
    if let gradient = losses.imageGradient {
      result.imageGradient = tensor(gradient, of: plan.graph.inputShape)
    }
    if request.parameterGradient { result.parameterGradient = parameterGradient() }
    return result
  }

  /// The outputs that the request names.
  func keptOutputs() -> [Tensor] {
    request.outputs.enumerated().map { place, node in
      tensor(outputs[place], of: plan.graph.nodes[node].outputShape)
    }
  }

  private func tensor(_ buffer: FloatBuffer, of shape: Shape) -> Tensor {
    reduction.gatherImages(buffer.start, count: shape.count)
    let row = shape.count
    let shape = Shape([batch] + shape.dimensions)
    let elements = [Float](unsafeUninitializedCapacity: shape.count) { memory, count in
      count = shape.count
      guard count > 0 else { return }
      nonisolated(unsafe) let (from, to) = (buffer.start, memory.baseAddress!)
      // A layer's values of all images do not fit the caches: every thread copies some of them.
      pool.forEach(batch) { image, _ in
        (to + image * row).initialize(from: from + image * row, count: row)
      }
    }
    return Tensor(shape: shape, elements: elements)
  }

  /// The shards' sums in order, and batch norm's gradients from those at its scale and shift.
  private func parameterGradient() -> [Float] {
    let count = arena.parameterGradient.count
    // Fresh memory would cost as much time as the sums: the system clears it page by page.
    var total = arena.spareGradient
    arena.spareGradient = []
    if total.count != count { total = [Float](repeating: 0, count: count) }
    total.withUnsafeMutableBufferPointer {
      reduction.add(arena.parameterGradient, to: $0.baseAddress!, context: runner.context)
      addNormGradients(to: $0.baseAddress!)
    }
    arena.spareGradient = total
    return total
  }

  private func addNormGradients(to total: UnsafeMutablePointer<Float>) {
    for position in plan.normSteps {
      guard case .normalization(let norm) = plan.steps[position].kind, let index = norm.index
      else { continue }
      guard let scaleEntry = norm.scaleEntry, let shiftEntry = norm.shiftEntry else { continue }
      let sums = normSums(norm)
      for channel in 0..<norm.channels {
        let mean: Double
        let variance: Double
        if policy.coupling == .batchNorm {
          (mean, variance) = (statistics[index].mean[channel], statistics[index].variance[channel])
        } else {
          let parameters = runner.weights.parameters.start
          mean = Double(parameters[norm.meanEntry!.lowerBound + channel])
          variance = Double(parameters[norm.varianceEntry!.lowerBound + channel])
        }
        let inverse = 1 / (variance + Double(norm.norm!.epsilon)).squareRoot()
        total[scaleEntry.lowerBound + channel] = Float(
          (sums.x[channel] - mean * sums.one[channel]) * inverse)
        total[shiftEntry.lowerBound + channel] = Float(sums.one[channel])
      }
    }
  }
}
