import DFQTensor

/// Convolutions of several groups, and dilated ones.
extension StepBuilder {
  /// Weights group by group, with zeros between taps where there are gaps.
  ///
  /// - Throws: ``IntegerProgram/Flaw`` where gaps make many times the weights that there are.
  mutating func float(
    _ convolution: Operation.Convolution, parts: Operation.Convolution.Parts,
    input: IntegerProgram.Value
  ) throws -> FloatConvolution {
    var shape = convolution.shape
    shape.inputChannels /= parts.groups
    shape.outputChannels /= parts.groups
    let kernel =
      parts.groups == 1
      ? kernelScratchCount(shape, isDepthwise: false) : kernels.convolutionScratchCount(shape)
    let size =
      4 * parts.groups * shape.kernelHeight * shape.kernelWidth * shape.inputChannels
      * shape.outputChannels
    let most = ProgramLimits.constantBytes(weights: convolution.weightCount)
    guard size <= most else {
      throw IntegerProgram.Flaw(
        expected: "weights of at most \(most) bytes with the gaps between taps", found: "\(size)")
    }
    // A whole input in floating point, all outputs before their ending, one group's inputs and outputs, and the kernel's own.
    let groupInputs = shape.inputHeight * shape.inputWidth * shape.inputChannels
    need(
      bytes: 4
        * (input.shape.count + (parts.groups + 1) * shape.outputCount + groupInputs
          + kernel + 2 * convolution.shape.outputChannels + 256))
    let versions: [[Float]] =
      switch convolution.weights {
      case .floats(let values): [values]
      case .codes(let banks): banks.map { $0.values(channels: convolution.shape.outputChannels) }
      }
    return FloatConvolution(
      shape: shape, isDepthwise: false, groups: parts.groups,
      banks: store.list(
        versions.map { store.floats(grouped($0, convolution, parts: parts, shape: shape)) }),
      bias: convolution.bias.isEmpty ? nil : store.floats(convolution.bias))
  }

  /// G KH KW I/G O/G from KH KW I/G O.
  private func grouped(
    _ weights: [Float], _ convolution: Operation.Convolution,
    parts: Operation.Convolution.Parts, shape: ConvolutionShape
  ) -> [Float] {
    let (i, o) = (shape.inputChannels, shape.outputChannels)
    let (height, width) = convolution.taps
    let size = shape.kernelHeight * shape.kernelWidth * i * o
    var result = [Float](repeating: 0, count: parts.groups * size)
    for group in 0..<parts.groups {
      for y in 0..<height {
        for x in 0..<width {
          let from = (y * width + x) * i * parts.groups * o + group * o
          let to =
            group * size
            + (y * parts.dilationHeight * shape.kernelWidth + x * parts.dilationWidth) * i * o
          for row in 0..<i {
            for channel in 0..<o {
              result[to + row * o + channel] = weights[from + row * parts.groups * o + channel]
            }
          }
        }
      }
    }
    return result
  }
}
