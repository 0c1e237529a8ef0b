import DFQTensor

extension ImagePass {
  /// Computes the sampled pixels of a convolution and takes the decision from them.
  ///
  /// Every thread of a team does it for itself.
  func decideFromSamples(
    _ samples: PreparedSamples, _ decision: PreparedDecision,
    convolution: PreparedConvolution, bank: PreparedConvolution.Bank,
    constants: PreparedConvolution.Constants, step: Step
  ) {
    let windows = scratch.assumingMemoryBound(to: UInt8.self)
    let residual = scratch + samples.windowByteCount
    let values = (residual + samples.residualByteCount).assumingMemoryBound(to: Float.self)
    let kernel = residual + 2 * samples.residualByteCount
    gather(samples, convolution.shape, codes(step.input), padCode: constants.padCode, to: windows)
    var ending = ending(step, constants: constants, writesRaw: true)
    ending.values = values
    let channels = samples.shape.outputChannels
    let width = convolution.shape.outputWidth
    switch ending.residual {
    case .none: break
    case .codes(let codes, let offset, let levels):
      let packed = residual.assumingMemoryBound(to: UInt8.self)
      for place in samples.pixels.indices {
        let pixel = samples.pixels[place]
        (packed + place * channels).update(
          from: codes + (pixel.row * width + pixel.column) * channels, count: channels)
      }
      ending.residual = .codes(packed, offset: offset, levelsPerUnit: levels)
    case .values(let all):
      let packed = residual.assumingMemoryBound(to: Float.self)
      for place in samples.pixels.indices {
        let pixel = samples.pixels[place]
        (packed + place * channels).update(
          from: all + (pixel.row * width + pixel.column) * channels, count: channels)
      }
      ending.residual = .values(packed)
    }
    kernels.codeConvolution(
      samples.shape, input: windows, padCode: constants.padCode, packedWeight: bank.packed,
      ending: ending, rows: 0..<1, scratch: kernel)
    choose(decision, from: values, features: samples.features)
  }

  /// Copies the windows of the sampled pixels side by side.
  private func gather(
    _ samples: PreparedSamples, _ shape: ConvolutionShape, _ input: UnsafeMutablePointer<UInt8>,
    padCode: UInt8, to windows: UnsafeMutablePointer<UInt8>
  ) {
    let channels = shape.inputChannels
    let row = samples.shape.inputWidth * channels
    for place in samples.pixels.indices {
      let pixel = samples.pixels[place]
      let top = pixel.row * shape.strideHeight - shape.padTop
      let left = pixel.column * shape.strideWidth - shape.padLeft
      let inside = max(left, 0)..<min(left + shape.kernelWidth, shape.inputWidth)
      for y in 0..<shape.kernelHeight {
        let target = windows + y * row + place * shape.kernelWidth * channels
        let isInside = 0..<shape.inputHeight ~= top + y
        if !isInside || inside.count < shape.kernelWidth {
          target.update(repeating: padCode, count: shape.kernelWidth * channels)
        }
        guard isInside else { continue }
        (target + (inside.lowerBound - left) * channels).update(
          from: input + ((top + y) * shape.inputWidth + inside.lowerBound) * channels,
          count: inside.count * channels)
      }
    }
  }
}
