import DFQTensor

extension ImagePass {
  /// Computes the sampled pixels of a convolution and takes the decision from them.
  ///
  /// Every thread of a team does it for itself.
  func decideFromSamples(
    _ samples: PreparedSamples, _ decision: Int,
    convolution: PreparedConvolution, bank: PreparedConvolution.Bank,
    constants: PreparedConvolution.Constants, step: Step
  ) {
    let values = scratch.assumingMemoryBound(to: Float.self)
    var ending = ending(step, constants: constants, writesRaw: true)
    ending.values = values
    kernels.codePixels(
      convolution.shape, input: UnsafePointer(codes(step.input)), padCode: constants.padCode,
      packedWeight: bank.packed, ending: ending, pixels: samples.pixels.buffer,
      scratch: scratch + samples.valueByteCount)
    choose(decision, from: values, features: samples.features)
  }
}
