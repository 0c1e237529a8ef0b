import DFQTensor

extension ImagePass {
  /// Computes the sampled pixels of a convolution and takes the decision from them.
  ///
  /// Every thread of a team does it for itself.
  func decideFromSamples(
    _ samples: PreparedSamples, _ decision: Int, convolution: PreparedConvolution, step: Step
  ) {
    let values = scratch.assumingMemoryBound(to: Float.self)
    compute(
      samples.pixels.buffer, convolution: convolution, step: step, values: values,
      scratch: scratch + samples.valueByteCount)
    choose(decision, from: values, features: samples.features)
  }

  /// Takes a decision from the pixels that the team computed ahead.
  func decideFromSamplesAhead(_ index: Int, _ decision: Int) {
    choose(decision, from: memory.sampled(index), features: level.samples[index].features)
  }

  /// Computes this member's share of the pixels that the next step's decision is taken from, where they are divided.
  ///
  /// The others may still read those of the decision before, so that two places for them take turns.
  ///
  /// - Returns: Whether they are divided.
  func sampleAhead(_ next: Step) -> Bool {
    guard let team, next.decision != nil, let index = next.samples,
      case .codeConvolution(let convolution) = next.kind
    else { return false }
    let samples = level.samples[index]
    guard samples.shares.count == team.count else { return false }
    let convolutionOfNext = level.convolutions[convolution]
    let share = samples.shares[member]
    if share.count > 0 {
      compute(
        UnsafeBufferPointer(start: samples.pixels.start + share.first, count: share.count),
        convolution: convolutionOfNext, step: next,
        values: memory.sampled(index) + share.first * convolutionOfNext.shape.outputChannels,
        scratch: scratch)
    }
    return true
  }

  private func compute(
    _ pixels: UnsafeBufferPointer<Int32>, convolution: PreparedConvolution, step: Step,
    values: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    let candidate = Int(choices[level.slots[step.input].point])
    let bank = convolution.banks[convolution.banks.count == 1 ? 0 : candidate]
    let constants = bank.constants[candidate]
    var ending = ending(step, constants: constants, writesRaw: true)
    ending.values = values
    kernels.codePixels(
      convolution.shape, input: UnsafePointer(codes(step.input)), padCode: constants.padCode,
      packedWeight: bank.packed, ending: ending, pixels: pixels, scratch: scratch)
  }
}
