import DFQTensor

/// Makes the steps of a level and counts the scratch memory that they need.
struct StepBuilder {
  let program: IntegerProgram
  let decisions: [PreparedDecision]
  /// Whether convolutions may take Winograd's algorithms. (Endings in integers follow the direct kernels only.)
  let usesWinograd: Bool
  let kernels: Kernels
  /// The number of threads that compute an image together.
  let threads: Int
  let store: ConstantStore
  private(set) var convolutions: [PreparedConvolution] = []
  private(set) var samples: [PreparedSamples] = []
  private(set) var scratchByteCount = 64
  /// The weights so far, in all their versions.
  private var weightCount = 0

  init(
    program: IntegerProgram, decisions: [PreparedDecision], usesWinograd: Bool, kernels: Kernels,
    threads: Int, store: ConstantStore
  ) {
    self.program = program
    self.decisions = decisions
    self.usesWinograd = usesWinograd
    self.kernels = kernels
    self.threads = threads
    self.store = store
  }

  /// Makes the next step, which follows `previous`.
  ///
  /// - Throws: ``IntegerProgram/Flaw`` where the steps so far need too much memory.
  mutating func step(_ index: Int, after previous: Step?) throws -> Step {
    let operation = program.operations[index]
    let output = program.values[index + 1]
    var (decision, decisionAfter): (Int?, Int?)
    if let point = output.point, !operation.movesCodes,
      let index = program.decisions.firstIndex(where: { $0.point == point })
    {
      if program.decisions[index].isRounded { decisionAfter = index } else { decision = index }
    }
    var step = Step(
      kind: try kind(operation, output: output), input: operation.input, output: index + 1,
      ending: PreparedEnding(operation.ending, store: store), decision: decision,
      decisionAfter: decisionAfter)
    if let decision, case .codeConvolution(let index) = step.kind,
      var sampled = PreparedSamples(
        convolutions[index], decision: decisions[decision], store: store)
    {
      if let previous, case .codeConvolution(let writer) = previous.kind {
        sampled.divide(
          step, shape: convolutions[index].shape, after: previous, writer: convolutions[writer],
          threads: threads, store: store)
      }
      need(bytes: sampled.scratchByteCount(convolutions[index], kernels: kernels))
      samples.append(sampled)
      step.samples = samples.count - 1
    }
    weightCount += operation.storedWeightCount
    guard scratchByteCount <= ProgramLimits.scratchBytes,
      store.byteCount <= ProgramLimits.constantBytes(weights: weightCount)
    else {
      throw IntegerProgram.Flaw(
        expected: "operations of at most \(ProgramLimits.scratchBytes) bytes of scratch memory",
        found: "\(scratchByteCount), and \(store.byteCount) bytes of constants")
    }
    return step
  }

  private mutating func kind(
    _ operation: Operation, output: IntegerProgram.Value
  ) throws -> Step.Kind {
    let input = program.values[operation.input]
    let point = input.point.map { program.points[$0] }
    switch operation.kind {
    case .convolution(let convolution):
      if let point,
        let prepared = PreparedConvolution(
          convolution, input: point, usesWinograd: usesWinograd, kernels: kernels, store: store)
      {
        need(bytes: prepared.scratchByteCount(kernels))
        convolutions.append(prepared)
        return .codeConvolution(convolutions.count - 1)
      }
      return .convolution(
        try convolution.parts.map { try float(convolution, parts: $0, input: input) }
          ?? float(convolution, input: input))
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
    case .padMap(let top, let left): return .padMap(top: top, left: left)
    case .upsample(let factor): return .upsample(factor: factor)
    case .selectChannels(let channels): return .selectChannels(store.list(channels))
    case .numbers:
      let inputs = operation.inputs
      // All inputs as numbers.
      need(bytes: inputs.reduce(64) { $0 + 4 * (program.values[$1].shape.count + 16) })
      return .numbers(store.list(inputs))
    }
  }

  mutating func need(bytes: Int) { scratchByteCount = max(scratchByteCount, bytes + 64) }

  /// Every version of the weights as numbers.
  func banks(
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
    let kernel = kernelScratchCount(shape, isDepthwise: convolution.isDepthwise)
    need(
      bytes: 4 * (input.shape.count + shape.outputCount + kernel + 2 * shape.outputChannels + 128))
    return FloatConvolution(
      shape: shape, isDepthwise: convolution.isDepthwise, groups: 1,
      banks: banks(convolution.weights, channels: shape.outputChannels),
      bias: convolution.bias.isEmpty ? nil : store.floats(convolution.bias))
  }

  /// The floats that the kernel needs, for the whole image or for a thread's rows: a part is divided
  /// into other bands than the whole.
  func kernelScratchCount(_ shape: ConvolutionShape, isDepthwise: Bool) -> Int {
    var count = kernels.convolutionScratchCount(shape)
    guard threads > 1, !isDepthwise, shape.readsEverywhere else { return count }
    let team = Team(count: threads)
    for member in 0..<threads {
      let rows = team.share(shape.outputHeight, unit: 1, member: member)
      if rows.isEmpty { continue }
      count = max(count, kernels.convolutionScratchCount(shape.rows(rows).shape))
    }
    return count
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
            winograd: nil, store: store)
        }))
  }
}
