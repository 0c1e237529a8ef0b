import DFQRuntime
import DFQTensor

/// Writes integer programs with arbitrary weights, operation by operation.
struct TinyProgram {
  private var program: IntegerProgram
  private var stream = RandomStream(seed: 3, "tiny programs")

  init(image: Shape) { program = IntegerProgram(points: [], values: [.init(shape: image)]) }

  /// Numbers around 0.
  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in stream.normal() } }

  /// A point with a grid for each candidate; of non-negative codes where there is no `low`.
  mutating func point(_ bits: [Int], low: Float? = nil) -> Int {
    let grids = bits.map { bits in
      low.map { Grid(low: $0, high: 3, bits: bits) }
        ?? Grid(step: 4 / Float(1 << bits), bits: bits, nonNegative: true)
    }
    program.points.append(.init(name: "p\(program.points.count)", grids: grids))
    return program.points.count - 1
  }

  mutating func add(_ operation: Operation, _ shape: Shape, _ point: Int?) -> Int {
    program.operations.append(operation)
    program.values.append(.init(shape: shape, point: point))
    return program.values.count - 1
  }

  /// A convolution with a normalization and a ReLU; weights in floating point where there are no `bits`.
  mutating func convolution(
    _ input: Int, _ shape: Shape, kernel: Int, width: Int? = nil, pad: Int, stride: Int = 1,
    point: Int, bits: Int?, isDepthwise: Bool = false, versions: Int = 1, zero: Float = 0,
    residual: Int? = nil, parts: Operation.Convolution.Parts? = nil
  ) -> Int {
    var window = window(input, shape, kernel: kernel, pad: pad, stride: stride)
    window.kernelWidth = width ?? kernel
    let count =
      kernel * window.kernelWidth * window.inputChannels * (isDepthwise ? 1 : shape[2])
      / (parts?.groups ?? 1)
    if let parts {
      window.kernelHeight = (window.kernelHeight - 1) * parts.dilationHeight + 1
      window.kernelWidth = (window.kernelWidth - 1) * parts.dilationWidth + 1
    }
    var operation = Operation(
      .convolution(
        .init(
          shape: window, isDepthwise: isDepthwise, parts: parts,
          weights: weights(count, bits: bits, versions: versions, zero: zero),
          bias: isDepthwise ? floats(shape[2]) : [])), input: input)
    operation.ending = .init(
      scale: floats(shape[2]), shift: floats(shape[2]), residual: residual,
      negativeSlope: isDepthwise ? 0.1 : 0, upperBound: isDepthwise ? 6 : .infinity)
    return add(operation, shape, point)
  }

  mutating func pool(
    _ input: Int, _ shape: Shape, kernel: Int, stride: Int, pad: Int = 0, point: Int,
    isMean: Bool = false
  ) -> Int {
    let window = window(input, shape, kernel: kernel, pad: pad, stride: stride)
    return add(
      Operation(isMean ? .averagePool(window) : .maxPool(window), input: input), shape, point)
  }

  /// Three logits.
  mutating func finish(_ input: Int, bits: Int?) -> IntegerProgram {
    let count = program.values[input].shape.count
    _ = add(
      Operation(
        .linear(
          .init(
            inputs: count, outputs: 3, weights: weights(3 * count, bits: bits), bias: floats(3))),
        input: input), [3], nil)
    return program
  }

  private func window(
    _ input: Int, _ output: Shape, kernel: Int, pad: Int, stride: Int
  ) -> ConvolutionShape {
    let from = program.values[input].shape
    return ConvolutionShape(
      inputHeight: from[0], inputWidth: from[1], inputChannels: from[2], outputHeight: output[0],
      outputWidth: output[1], outputChannels: output[2], kernelHeight: kernel, kernelWidth: kernel,
      strideHeight: stride, strideWidth: stride, padTop: pad, padLeft: pad)
  }

  private mutating func weights(
    _ count: Int, bits: Int?, versions: Int = 1, zero: Float = 0
  ) -> Weights {
    guard let bits else { return .floats(floats(count)) }
    let half = 1 << (bits - 1)
    return .codes(
      (0..<versions).map { _ in
        CodedWeights(
          bits: bits, codes: (0..<count).map { _ in Int8(stream.integer(below: 2 * half) - half) },
          levels: [Float(half)], zeros: [zero])
      })
  }
}
