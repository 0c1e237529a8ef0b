import DFQTensor

extension ImagePass {
  /// A convolution in floating point: of the image, or of a value whose codes no integer kernel takes.
  func convolve(_ convolution: FloatConvolution, step: Step, decision: Int?) {
    let shape = convolution.shape
    var rows = 0..<shape.outputHeight
    let slot = level.slots[step.input]
    if let team, team.count > 1 {
      // Only what lies in place can be shared.
      if slot.isCodes || convolution.isDepthwise || convolution.groups > 1
        || !shape.readsEverywhere
      {
        if member > 0 { return }
      } else {
        rows = team.share(rows.count, unit: 1, member: member)
        if rows.isEmpty { return }
      }
    }
    let candidate = slot.isCodes ? Int(choices[slot.point]) : 0
    let weights = convolution.banks[convolution.banks.count == 1 ? 0 : candidate]
    let input = floats(step.input)
    let x = scratch.assumingMemoryBound(to: Float.self) + (slot.count + 15) / 16 * 16
    let kernel = x + (convolution.outputCount + 15) / 16 * 16
    if convolution.isDepthwise {
      kernels.depthwiseForward(
        shape, input: input, weight: weights, bias: convolution.bias, output: x, scratch: kernel)
    } else if convolution.groups > 1 {
      convolveGroups(convolution, input: input, weights: weights, output: x, scratch: kernel)
    } else {
      let part =
        rows.count == shape.outputHeight ? (shape: shape, firstInputRow: 0) : shape.rows(rows)
      kernels.convolutionForward(
        part.shape, input: input + part.firstInputRow * shape.inputWidth * shape.inputChannels,
        weight: weights, bias: convolution.bias, output: x, scratch: kernel)
    }
    let rowCount = shape.outputWidth * shape.outputChannels * convolution.groups
    let range = rows.lowerBound * rowCount..<rows.upperBound * rowCount
    finish(x, step: step, range: range)
    if decision == nil, level.slots[step.output].isCodes { round(step, range: range) }
  }

  /// A linear layer in floating point, in the order of additions of the training executor.
  func multiply(_ linear: FloatLinear, step: Step) {
    let slot = level.slots[step.input]
    let candidate = slot.isCodes ? Int(choices[slot.point]) : 0
    let weights = linear.banks[linear.banks.count == 1 ? 0 : candidate]
    let input = floats(step.input)
    let x = scratch.assumingMemoryBound(to: Float.self) + (slot.count + 15) / 16 * 16
    if let bias = linear.bias {
      x.update(from: bias, count: linear.outputs)
    } else {
      x.update(repeating: 0, count: linear.outputs)
    }
    for index in 0..<linear.inputs {
      kernels.axpy(input[index], x: weights + index * linear.outputs, count: linear.outputs, y: x)
    }
    finish(x, step: step)
  }

  /// Applies a step's ending to numbers, of which the first is element `range.lowerBound`; all
  /// elements where there is no range.
  func finish(_ x: UnsafePointer<Float>, step: Step, range: Range<Int>? = nil) {
    let slot = level.slots[step.output]
    let range = range ?? 0..<slot.count
    let output = target(step) + range.lowerBound
    let ending = step.ending
    var residual: UnsafePointer<Float>?
    if let value = ending.residual {
      let source = level.slots[value]
      if source.isCodes {
        // The output's place is free until the ending is applied.
        let grid = grid(source.point)
        let codes = codes(value)
        for index in range {
          output[index - range.lowerBound] =
            (Float(codes[index]) + grid.offset) / grid.levelsPerUnit
        }
        residual = UnsafePointer(output)
      } else {
        residual = UnsafePointer(stored(value) + range.lowerBound)
      }
    }
    if ending.scale == nil, residual == nil, ending.negativeSlope == 1,
      ending.upperBound == .infinity
    {
      output.update(from: x, count: range.count)
      return
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * slot.channels) { identity in
      let ones = identity.baseAddress!
      if ending.scale == nil {
        ones.update(repeating: 1, count: slot.channels)
        (ones + slot.channels).update(repeating: 0, count: slot.channels)
      }
      kernels.affineActivation(
        x: x, scale: ending.scale ?? UnsafePointer(ones),
        shift: ending.shift ?? UnsafePointer(ones + slot.channels), residual: residual,
        negativeSlope: ending.negativeSlope, upperBound: ending.upperBound,
        pixels: range.count / slot.channels, channels: slot.channels, y: output)
    }
  }
}
