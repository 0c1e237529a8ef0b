import DFQTensor

/// Operations and their weights.
extension ModelReader {
  mutating func operation(
    _ values: [IntegerProgram.Value], output: Int
  ) throws -> Operation {
    let code = try number(ModelFormat.lastCode, "an operation")
    let input = try number(output - 1, "an input")
    let (from, to) = (values[input].shape, values[output].shape)
    let kind: Operation.Kind =
      switch code {
      case 0: .convolution(try convolution(from, to))
      case 1: .linear(try linear())
      case 2: .identity
      case 3: .maxPool(try window(from, to))
      case 4: .averagePool(try window(from, to))
      case 5: .globalAveragePool
      case 6:
        .padChannels(
          stride: try number(ProgramLimits.window, "a stride"),
          before: try number(ProgramLimits.elements, "channels"))
      case 7: .reshape
      case 8:
        .padMap(
          top: try number(ProgramLimits.elements, "padding"),
          left: try number(ProgramLimits.elements, "padding"))
      case 9: .upsample(factor: try number(ProgramLimits.window, "a factor"))
      case 10:
        .selectChannels(
          try (0..<(to.dimensions.last ?? 0)).map { _ in
            try number(ProgramLimits.elements, "a channel")
          })
      default: .numbers(try numbers(output: output))
      }
    var operation = Operation(kind, input: input)
    guard ModelFormat.hasEnding(kind) else { return operation }
    operation.ending.scale = try list("scales")
    operation.ending.shift = try list("shifts")
    let residual = try number(output, "a residual")
    operation.ending.residual = residual == 0 ? nil : residual - 1
    let numbers = try floats(2, "an activation")
    (operation.ending.negativeSlope, operation.ending.upperBound) = (numbers[0], numbers[1])
    return operation
  }

  private mutating func numbers(output: Int) throws -> AnyNumberOperation {
    let code = try number(NumberOperations.all.count, "an operation on numbers")
    guard let type = NumberOperations.type(code) else {
      throw bad("an operation on numbers", "number \(code)")
    }
    return AnyNumberOperation(try type.init(from: &self, output: output))
  }

  private mutating func window(_ input: Shape, _ output: Shape) throws -> ConvolutionShape {
    let sizes = try (0..<6).map { _ in try number(ProgramLimits.window, "a window") }
    guard input.rank == 3, output.rank == 3 else { throw bad("windows of H W C", "\(input)") }
    return ConvolutionShape(
      inputHeight: input[0], inputWidth: input[1], inputChannels: input[2],
      outputHeight: output[0], outputWidth: output[1], outputChannels: output[2],
      kernelHeight: sizes[0], kernelWidth: sizes[1], strideHeight: sizes[2],
      strideWidth: sizes[3], padTop: sizes[4], padLeft: sizes[5])
  }

  private mutating func convolution(
    _ input: Shape, _ output: Shape
  ) throws -> Operation.Convolution {
    let shape = try window(input, output)
    let style = try number(2, "a kind of convolution")
    var result = Operation.Convolution(
      shape: shape, isDepthwise: style == 1, weights: .floats([]), bias: [])
    if style == 2 {
      let groups = try number(ProgramLimits.elements, "groups")
      let dilations = try (0..<2).map { _ in try number(ProgramLimits.window, "a dilation") }
      guard groups > 0, dilations.allSatisfy({ $0 > 0 }) else {
        throw bad("groups and dilations above 0", "0")
      }
      result.parts = .init(
        groups: groups, dilationHeight: dilations[0], dilationWidth: dilations[1])
    }
    let count = Shape.checkedCount(
      [result.taps.height, result.taps.width, result.tapInputs, shape.outputChannels],
      limit: ProgramLimits.weights)
    result.weights = try source(count: count)
    result.bias = try list("biases")
    return result
  }

  private mutating func linear() throws -> Operation.Linear {
    let inputs = try number(ProgramLimits.elements, "inputs")
    let outputs = try number(ProgramLimits.classes, "outputs")
    let weights = try source(
      count: Shape.checkedCount([inputs, outputs], limit: ProgramLimits.weights))
    return .init(inputs: inputs, outputs: outputs, weights: weights, bias: try list("biases"))
  }

  private mutating func source(count: Int?) throws -> Weights {
    let banks = try number(8, "versions of weights")
    guard banks > 0 else { return .floats(try list("weights")) }
    guard let count else { throw bad("at most \(ProgramLimits.weights) weights", "more") }
    return .codes(
      try (0..<banks).map { _ in
        let bits = try number(8, "bits")
        guard bits > 1 else { throw bad("2...8 bits", "\(bits)") }
        let bytes = CodePacking.byteCount(count, bits: bits)
        guard bytes <= weights.count - weight else {
          throw bad("\(bytes) bytes of weights", "\(weights.count - weight)")
        }
        let codes = CodePacking.unpack(
          weights[weight..<weight + bytes], count: count, bits: bits)
        weight += bytes
        let levels = try list("levels")
        let zeros = try list("zeros")
        return CodedWeights(
          bits: bits, codes: codes, levels: levels, zeros: zeros.isEmpty ? [0] : zeros)
      })
  }
}
