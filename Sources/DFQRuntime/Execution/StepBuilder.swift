import DFQTensor

/// Makes the steps of a level and counts the scratch memory that they need.
struct StepBuilder {
  let program: IntegerProgram
  let decisions: [PreparedDecision]
  let kernels: Kernels
  let store: ConstantStore
  private(set) var convolutions: [PreparedConvolution] = []
  private(set) var samples: [PreparedSamples] = []
  private(set) var scratchByteCount = 64

  init(
    program: IntegerProgram, decisions: [PreparedDecision], kernels: Kernels,
    store: ConstantStore
  ) {
    self.program = program
    self.decisions = decisions
    self.kernels = kernels
    self.store = store
  }

  mutating func step(_ index: Int) -> Step {
    let operation = program.operations[index]
    let output = program.values[index + 1]
    var decision: Int?
    if let point = output.point, !operation.movesCodes {
      decision = program.decisions.firstIndex { $0.point == point }
    }
    var step = Step(
      kind: kind(operation, output: output), input: operation.input, output: index + 1,
      ending: PreparedEnding(operation.ending, store: store), decision: decision)
    if let decision, case .codeConvolution(let index) = step.kind,
      let sampled = PreparedSamples(
        convolutions[index], decision: decisions[decision], store: store)
    {
      need(bytes: sampled.scratchByteCount(kernels))
      samples.append(sampled)
      step.samples = samples.count - 1
    }
    return step
  }

  private mutating func kind(
    _ operation: Operation, output: IntegerProgram.Value
  ) -> Step.Kind {
    let input = program.values[operation.input]
    let point = input.point.map { program.points[$0] }
    switch operation.kind {
    case .convolution(let convolution):
      if let point,
        let prepared = PreparedConvolution(
          convolution, input: point, kernels: kernels, store: store)
      {
        need(bytes: prepared.scratchByteCount(kernels))
        convolutions.append(prepared)
        return .codeConvolution(convolutions.count - 1)
      }
      return .convolution(float(convolution, input: input))
    case .linear(let linear):
      if let point, let prepared = coded(linear, input: point) { return .codeLinear(prepared) }
      need(bytes: 4 * (input.shape.count + linear.outputs + 32))
      return .linear(
        FloatLinear(
          inputs: linear.inputs, outputs: linear.outputs,
          banks: banks(linear.weights, channels: linear.outputs),
          bias: linear.bias.isEmpty ? nil : store.floats(linear.bias)))
    case .identity:
      need(bytes: 4 * (input.shape.count + 2 * input.shape.dimensions.last! + 64))
      return .identity
    case .maxPool(let window):
      return .maxPool(window)
    case .averagePool(let window):
      need(bytes: 4 * (input.shape.count + 32))
      return .averagePool(window)
    case .globalAveragePool:
      return .globalAveragePool(pixels: input.shape[0] * input.shape[1])
    case .padChannels(let stride, let before):
      return .padChannels(stride: stride, before: before)
    case .reshape: return .copy
    }
  }

  private mutating func need(bytes: Int) { scratchByteCount = max(scratchByteCount, bytes + 64) }

  /// Every version of the weights as numbers.
  private func banks(
    _ weights: Weights, channels: Int
  ) -> ConstantList<UnsafePointer<Float>> {
    switch weights {
    case .floats(let values): store.list([store.floats(values)])
    case .codes(let banks):
      store.list(banks.map { store.floats($0.values(channels: channels)) })
    }
  }

  private mutating func float(
    _ convolution: Operation.Convolution, input: IntegerProgram.Value
  ) -> FloatConvolution {
    let shape = convolution.shape
    // A whole input in floating point, all outputs before their ending, and the kernel's own.
    let kernel = kernels.convolutionScratchCount(shape)
    need(
      bytes: 4 * (input.shape.count + shape.outputCount + kernel + 2 * shape.outputChannels + 128))
    return FloatConvolution(
      shape: shape, isDepthwise: convolution.isDepthwise,
      banks: banks(convolution.weights, channels: shape.outputChannels),
      bias: convolution.bias.isEmpty ? nil : store.floats(convolution.bias))
  }

  private func coded(
    _ linear: Operation.Linear, input: IntegerProgram.Point
  ) -> PreparedLinear? {
    guard case .codes(let banks) = linear.weights, banks.count == 1,
      linear.inputs <= ProgramLimits.products,
      let codes = banks[0].integers(channels: linear.outputs)
    else { return nil }
    let widest = codes.map { max(Int($0), -1 - Int($0)) }.max() ?? 0
    let bits = widest < 2 ? 2 : widest < 8 ? 4 : 8
    let packed = store.bytes(
      kernels.codeDenseWeightByteCount(
        inputs: linear.inputs, outputs: linear.outputs, bits: bits))
    kernels.packCodeDenseWeights(
      inputs: linear.inputs, outputs: linear.outputs, bits: bits, weight: codes, packed: packed)
    return PreparedLinear(
      inputs: linear.inputs, outputs: linear.outputs, bits: bits, packed: packed,
      constants: store.list(
        input.grids.map {
          PreparedConvolution.constants(
            banks[0], codes: codes, channels: linear.outputs, bias: linear.bias, grid: $0,
            kernels: kernels, store: store)
        }))
  }
}
