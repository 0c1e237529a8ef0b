import DFQTensor

extension ImagePass {
  /// The kernels' ending of a step; where a decision follows, or the output is in floating point, values
  /// are written instead of codes.
  func ending(
    _ step: Step, constants: PreparedConvolution.Constants, writesRaw: Bool
  ) -> CodeEnding {
    var ending = CodeEnding(scale: constants.scale, offset: constants.offset)
    if let fixed = step.fixed {
      ending.fixed = fixedEnding(step, fixed[pass])
      return ending
    }
    ending.normScale = step.ending.scale
    ending.normShift = step.ending.shift
    ending.negativeSlope = step.ending.negativeSlope
    ending.upperBound = step.ending.upperBound
    if let residual = step.ending.residual {
      let slot = level.slots[residual]
      if slot.isCodes {
        let grid = grid(slot.point)
        ending.residual = .codes(
          UnsafePointer(codes(residual)), offset: grid.offset, levelsPerUnit: grid.levelsPerUnit,
          mostCode: Int(grid.highest - grid.lowest))
      } else {
        ending.residual = .values(UnsafePointer(stored(residual)))
      }
    }
    let slot = level.slots[step.output]
    if slot.isCodes, !writesRaw {
      let grid = grid(slot.point)
      ending.grid = .init(
        levelsPerUnit: grid.levelsPerUnit, zero: grid.zero, minimum: grid.lowest,
        maximum: grid.highest)
      ending.codes = codes(step.output)
    } else {
      ending.values = target(step)
    }
    return ending
  }

  /// A convolution of codes; `isSampled` says that the team has computed the pixels that the decision is taken from.
  func convolve(
    _ convolution: PreparedConvolution, step: Step, decision: Int?, isSampled: Bool
  ) {
    let candidate = Int(choices[level.slots[step.input].point])
    let bank = convolution.banks[convolution.banks.count == 1 ? 0 : candidate]
    let constants = bank.constants[candidate]
    var decision = decision
    if let index = decision, let samples = step.samples {
      if isSampled {
        decideFromSamplesAhead(samples, index)
      } else {
        decideFromSamples(level.samples[samples], index, convolution: convolution, step: step)
      }
      decision = nil
    }
    var ending = ending(step, constants: constants, writesRaw: decision != nil)
    let shape = convolution.shape
    var rows = 0..<shape.outputHeight
    let winograd = constants.winograd
    if let team, team.count > 1 {
      switch KernelChoice.share(convolution, constants, team: team, member: member) {
      case .rows(let own): rows = own
      case .channels(let own): ending.outputs = own
      case .tiles(let own, let columns):
        rows = own
        ending.tileColumns = columns
      }
      if rows.isEmpty || ending.outputs?.isEmpty == true { return }
    }
    let input = UnsafePointer(codes(step.input))
    if convolution.isDepthwise {
      kernels.codeDepthwise(
        shape, input: input, padCode: constants.padCode, packedWeight: bank.packed,
        ending: ending, rows: rows, scratch: scratch)
    } else if let winograd {
      kernels.codeWinogradConvolution(
        winograd.algorithm, shape, input: input, padCode: constants.padCode,
        packedWeight: winograd.packed, ending: ending, rows: rows, scratch: scratch)
    } else {
      kernels.codeConvolution(
        shape, input: input, padCode: constants.padCode, packedWeight: bank.packed,
        ending: ending, rows: rows, scratch: scratch)
    }
  }

  /// A linear layer of codes.
  func multiply(_ linear: PreparedLinear, step: Step, decision: Int?) {
    let candidate = Int(choices[level.slots[step.input].point])
    var ending = ending(
      step, constants: linear.constants[candidate], writesRaw: decision != nil)
    if let team, team.count > 1 {
      let outputs = team.share(linear.outputs, unit: 64, member: member)
      if outputs.isEmpty { return }
      ending.outputs = outputs
    }
    kernels.codeDense(
      inputs: linear.inputs, outputs: linear.outputs, bits: linear.bits,
      input: UnsafePointer(codes(step.input)), packedWeight: linear.packed, ending: ending)
  }
}
