import DFQGraph
import DFQTensor

extension PreparedWeights {
  /// The parameters that were prepared last.
  struct Prepared {
    /// Held, so that their memory cannot become another array's: equal addresses mean equal
    /// parameters.
    let values: [Float]
    let mode: BatchNormMode
    let transposing: Bool
    /// Whether the weights are those for images that are computed alone.
    let isSingleImage: Bool
    /// By the transform's point, whether its values have codes.
    let codes: [Bool]

    func covers(_ other: Prepared) -> Bool {
      values.count == other.values.count && mode == other.mode && codes == other.codes
        && isSingleImage == other.isSingleImage
        && (transposing || !other.transposing)
        && values.withUnsafeBufferPointer { $0.baseAddress }
          == other.values.withUnsafeBufferPointer { $0.baseAddress }
    }
  }

  /// Takes over the parameters of a pass; nothing is done for those of the last one.
  ///
  /// Scales and shifts of evaluation-mode batch norms, transposed and transformed weights.
  func prepare(
    _ values: [Float], mode: BatchNormMode, transposing: Bool, keeping: Bool, isSingleImage: Bool
  ) {
    let codes = transform.map { transform in
      transform.nodes.indices.map { transform.hasCodes(point: $0) }
    }
    let wanted = Prepared(
      values: values, mode: mode, transposing: transposing, isSingleImage: isSingleImage,
      codes: codes ?? [])
    if mode == .evaluation, let prepared, prepared.covers(wanted) { return }
    computesSingleImage = isSingleImage
    // Parameters that are about to change are not held: their owner would have to copy them.
    prepared = keeping && mode == .evaluation ? wanted : nil
    values.withUnsafeBufferPointer {
      nonisolated(unsafe) let source = $0.baseAddress!
      context.pool.forEachPart(of: values.count) { [parameters] part in
        (parameters.start + part.lowerBound).update(
          from: source + part.lowerBound, count: part.count)
      }
    }
    for step in plan.steps {
      guard case .normalization(let norm) = step.kind else { continue }
      if norm.norm == nil || mode == .evaluation { prepareNorm(norm) }
    }
    guard context.backend == .direct else { return }
    context.pool.forEach(banks * plan.steps.count) { [self] piece, _ in
      let (bank, position) = piece.quotientAndRemainder(dividingBy: plan.steps.count)
      guard case .convolution(let step) = plan.steps[position].kind, step.style == .dense else {
        return
      }
      let isInteger = prepareIntegers(step, at: position, bank: bank, codes: wanted.codes)
      prepare(
        step, at: position, bank: bank, forward: !isInteger, transposing: transposing)
    }
  }

  /// Whether the step is computed in integers.
  private func prepareIntegers(
    _ step: ConvolutionStep, at position: Int, bank: Int, codes: [Bool]
  ) -> Bool {
    guard let entry = integers.plan.entries[position], let transform else { return false }
    let node = plan.steps[position].output
    return integers.prepare(
      position, bank: bank, shape: step.shape,
      weight: parameters(bank: bank) + step.weight.lowerBound,
      levels: codes[entry.point] ? transform.weightLevels(layer: node, bank: bank) : nil,
      kernels: context.kernels)
  }

  private func prepare(
    _ step: ConvolutionStep, at position: Int, bank: Int, forward: Bool, transposing: Bool
  ) {
    let shape = step.shape
    let weight = parameters(bank: bank) + step.weight.lowerBound
    let entry = winogradEntry(position)
    let transformed = self.transformed.start + bank * winograd.weightCount
    if forward, let entry {
      context.kernels.winogradTransformWeights(
        tile: entry.tile, weight, inputChannels: shape.inputChannels,
        outputChannels: shape.outputChannels, transformed: transformed + entry.forward)
    }
    guard transposing else { return }
    let transposed = self.transposed.start + bank * plan.transposedCount + step.transposed
    Kernels.transposeWeights(
      weight, taps: shape.kernelHeight * shape.kernelWidth, inputChannels: shape.inputChannels,
      outputChannels: shape.outputChannels, transposed: transposed)
    guard let entry else { return }
    context.kernels.winogradTransformWeights(
      tile: entry.tile, transposed, inputChannels: shape.outputChannels,
      outputChannels: shape.inputChannels, transformed: transformed + entry.gradient)
  }

  /// scale = gamma / sqrt(variance + eps), shift = beta - mean * scale; 1 and 0 without batch norm.
  private func prepareNorm(_ step: NormalizationStep) {
    let scale = normalizations.start + step.prepared
    let shift = normalizations.start + step.shift
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
    let scale = normalizations.start + step.prepared
    let shift = normalizations.start + step.shift
    for channel in 0..<step.channels {
      let gamma = step.scaleEntry.map { Double(parameters.start[$0.lowerBound + channel]) } ?? 1
      let beta = step.shiftEntry.map { Double(parameters.start[$0.lowerBound + channel]) } ?? 0
      (scale[channel], shift[channel]) = NormalizationStep.constants(
        gamma: gamma, beta: beta, mean: mean(channel), variance: variance(channel),
        epsilon: step.norm!.epsilon)
    }
  }
}
