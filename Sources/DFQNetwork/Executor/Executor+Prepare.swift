import DFQTensor

extension Executor {
  /// Takes over the parameters of a pass: scales and shifts of evaluation-mode batch norms,
  /// transposed weights.
  func prepare(_ values: [Float], mode: BatchNormMode, transposing: Bool) {
    precondition(values.count == banks * plan.layout.count, "the parameters do not fit the network")
    values.withUnsafeBufferPointer {
      parameters.start.update(from: $0.baseAddress!, count: values.count)
    }
    for step in plan.steps {
      guard case .normalization(let norm) = step.kind else { continue }
      if norm.norm == nil || mode == .evaluation { prepareNorm(norm) }
    }
    guard transposing, context.backend == .direct else { return }
    context.pool.forEach(banks * plan.steps.count) { [self] piece, _ in
      let (bank, position) = piece.quotientAndRemainder(dividingBy: plan.steps.count)
      guard case .convolution(let step) = plan.steps[position].kind, step.style == .dense else {
        return
      }
      Kernels.transposeWeights(
        parameters.start + bank * plan.layout.count + step.weight.lowerBound,
        taps: step.shape.kernelHeight * step.shape.kernelWidth,
        inputChannels: step.shape.inputChannels, outputChannels: step.shape.outputChannels,
        transposed: transposed.start + bank * plan.transposedCount + step.transposed)
    }
  }

  /// scale = gamma / sqrt(variance + eps), shift = beta - mean * scale; 1 and 0 without batch norm.
  private func prepareNorm(_ step: NormalizationStep) {
    let scale = normMemory.start + step.prepared
    let shift = normMemory.start + step.shift
    guard step.norm != nil, let mean = step.meanEntry, let variance = step.varianceEntry else {
      scale.update(repeating: 1, count: step.channels)
      shift.update(repeating: 0, count: step.channels)
      return
    }
    setNorm(
      step, mean: { Double(self.parameters.start[mean.lowerBound + $0]) },
      variance: { Double(self.parameters.start[variance.lowerBound + $0]) })
  }

  func setNorm(_ step: NormalizationStep, mean: (Int) -> Double, variance: (Int) -> Double) {
    let scale = normMemory.start + step.prepared
    let shift = normMemory.start + step.shift
    for channel in 0..<step.channels {
      let gamma = step.scaleEntry.map { Double(parameters.start[$0.lowerBound + channel]) } ?? 1
      let beta = step.shiftEntry.map { Double(parameters.start[$0.lowerBound + channel]) } ?? 0
      let factor = gamma / (variance(channel) + Double(step.norm!.epsilon)).squareRoot()
      scale[channel] = Float(factor)
      shift[channel] = Float(beta - mean(channel) * factor)
    }
  }
}
