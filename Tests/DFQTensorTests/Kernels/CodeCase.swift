internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// One operation on codes with a random ending.
struct CodeCase {
  enum Operation: CaseIterable {
    case convolution, depthwise, dense
    /// Every third pixel of a convolution, as numbers.
    case pixels
  }

  /// What is added before the activation.
  enum Residual: CaseIterable {
    case none, values, codes
  }

  var operation: Operation
  /// A dense layer is a convolution of one pixel.
  var shape: ConvolutionShape
  /// Bits of the inputs, the weights and the results.
  var bits: (input: Int, weight: Int, output: Int)
  var input: [UInt8]
  var padCode: UInt8
  var weight: [Int8]
  /// Scale, offset, scale and shift of the normalization, residual.
  var floats: [[Float]]
  var residualCodes: [UInt8]
  var residualMost: Int
  var residual: Residual
  var residualGrid: (offset: Float, levelsPerUnit: Float)
  var normalizes: Bool
  var activation: (negativeSlope: Float, upperBound: Float)
  var grid: CodeEnding.Grid
  var wants: (codes: Bool, values: Bool)
  var rows: Range<Int>
  var outputs: Range<Int>?
  /// Which of Winograd's algorithms computes a convolution, where the kernels have it.
  var winograd: CodeWinograd?
  /// How many tiles the first of two calls of Winograd's algorithms computes; nil for one call.
  var firstTiles: Int?

  /// Codes of every size, with the extremes often among them: there products are largest.
  init(_ operation: Operation, _ shape: ConvolutionShape, _ random: inout RandomStream) {
    self.operation = operation
    self.shape = shape
    func pick<T>(_ values: [T]) -> T { values[random.integer(below: values.count)] }
    bits = (pick([1, 2, 3, 4, 5, 6, 7, 8]), pick([2, 4, 8]), pick([1, 2, 3, 4, 5, 6, 7, 8]))
    let (most, least) = ((1 << bits.input) - 1, -(1 << (bits.weight - 1)))
    input = (0..<shape.inputCount).map { _ in
      UInt8(random.integer(below: 3) == 0 ? most : random.integer(below: most + 1))
    }
    padCode = UInt8(random.integer(below: 256))
    let inputs = operation == .depthwise ? 1 : shape.inputChannels
    let weightBits = bits.weight
    weight = (0..<shape.taps * inputs * shape.outputChannels).map { _ in
      Int8(random.integer(below: 3) == 0 ? least : random.integer(below: 1 << weightBits) + least)
    }
    let size = Float(shape.taps * inputs).squareRoot() * Float(most) * Float(-least)
    let channels = shape.outputChannels
    floats = [
      (0..<channels).map { _ in random.uniform(-3, 3) / size }, random.uniforms(channels),
      (0..<channels).map { _ in random.uniform(-2, 2) }, random.uniforms(channels),
      random.uniforms(shape.outputCount),
    ]
    residualMost = pick([3, 15, 31, 63, 255])
    residualCodes = (0..<shape.outputCount).map { [most = residualMost + 1] _ in
      UInt8(random.integer(below: most))
    }
    residual = pick(Residual.allCases)
    residualGrid = (pick([0, -128, -37]), pick([16, 37.3, 101.7]))
    normalizes = pick([false, true])
    activation = (pick([0, 0, 1, 0.2]), pick([.infinity, .infinity, 6, 1]))
    let levels = Float((1 << bits.output) - 1)
    let minimum = pick([0, -Float(1 << (bits.output - 1))])
    grid = CodeEnding.Grid(
      levelsPerUnit: levels / random.uniform(0.5, 4), zero: pick([0, minimum, 3]), minimum: minimum,
      maximum: minimum + levels)
    wants = pick([(true, false), (true, false), (true, true), (false, true)])
    if operation == .pixels { wants = (false, true) }
    rows = 0..<shape.outputHeight
    if pick([true, false]) {
      let first = random.integer(below: shape.outputHeight)
      rows = first..<first + 1 + random.integer(below: shape.outputHeight - first)
    }
    let unit = CodeEnding.outputUnit
    if channels > unit, operation != .pixels, pick([true, false]) {
      let first = unit * random.integer(below: (channels + unit - 1) / unit)
      outputs = first..<pick([channels, min(first + unit, channels)])
    }
  }

  /// The pixels that `Operation.pixels` computes.
  var pixels: [Int32] {
    stride(from: 0, to: shape.outputHeight * shape.outputWidth, by: 3).map(Int32.init)
  }

  /// Runs `body` with the ending, whose memory lies at `placement`; the codes and the values it leaves, in that order.
  private func withEnding(
    _ placement: GuardedPlacement, fixed: FixedEnding?, _ body: (CodeEnding) -> Void
  ) -> (codes: [UInt8], values: [Float]) {
    let floats = self.floats.map { GuardedBuffer($0, placement) }
    let residualCodes = GuardedBuffer(self.residualCodes, placement)
    let codes = GuardedBuffer([UInt8](repeating: 85, count: shape.outputCount), placement)
    let values = GuardedBuffer([Float](repeating: -85, count: shape.outputCount), placement)
    var ending = CodeEnding(scale: floats[0].pointer, offset: floats[1].pointer)
    if normalizes {
      ending.normScale = UnsafePointer(floats[2].pointer)
      ending.normShift = UnsafePointer(floats[3].pointer)
    }
    switch residual {
    case .none: break
    case .values: ending.residual = .values(floats[4].pointer)
    case .codes:
      ending.residual = .codes(
        residualCodes.pointer, offset: residualGrid.offset,
        levelsPerUnit: residualGrid.levelsPerUnit, mostCode: residualMost)
    }
    ending.negativeSlope = activation.negativeSlope
    ending.upperBound = activation.upperBound
    ending.grid = grid
    ending.codes = wants.codes ? codes.pointer : nil
    ending.values = wants.values ? values.pointer : nil
    ending.outputs = outputs
    ending.fixed = fixed
    body(ending)
    let intact =
      codes.isIntact && values.isIntact && residualCodes.isIntact
      && floats.allSatisfy { $0.isIntact }
    #expect(intact, "a kernel wrote outside of its results: \(shape)")
    return (codes.values, values.values)
  }

  /// The tiles of a map, of those rows that are computed.
  func tileCount(_ algorithm: CodeWinograd) -> Int {
    let (height, width) = algorithm.tile
    let columns = (shape.outputWidth + width - 1) / width
    return ((rows.upperBound + height - 1) / height - rows.lowerBound / height) * columns
  }

  /// The rows of one or two calls, with the columns of tiles at which these begin and end.
  private func tileCalls(
    _ algorithm: CodeWinograd
  ) -> [(rows: Range<Int>, columns: (first: Int, end: Int)?)] {
    guard let count = firstTiles, count > 0, count < tileCount(algorithm) else {
      return [(rows, nil)]
    }
    let (height, width) = algorithm.tile
    let columns = (shape.outputWidth + width - 1) / width
    let first = rows.lowerBound / height
    let end = min((first + (count - 1) / columns + 1) * height, rows.upperBound)
    let start = max((first + count / columns) * height, rows.lowerBound)
    return [
      (rows.lowerBound..<end, (0, (count - 1) % columns + 1)),
      (start..<rows.upperBound, (count % columns, columns)),
    ]
  }

  /// The codes and the values that the kernels give, or neither with an ending in integers; all memory lies at
  /// `placement`.
  @discardableResult
  func run(
    _ kernels: Kernels, _ placement: GuardedPlacement = .middle, fixed: FixedEnding? = nil
  ) -> (codes: [UInt8], values: [Float]) {
    let input = GuardedBuffer(self.input, placement)
    let weight = GuardedBuffer(self.weight, placement)
    let (inputs, outputs) = (shape.inputChannels, shape.outputChannels)
    var (packedBytes, scratchBytes) =
      switch operation {
      case .convolution:
        (kernels.integerWeightByteCount(shape), kernels.integerScratchByteCount(shape))
      case .pixels:
        (
          kernels.integerWeightByteCount(shape),
          kernels.codePixelsScratchByteCount(shape, count: pixels.count)
        )
      case .depthwise:
        (kernels.codeDepthwiseWeightByteCount(shape), kernels.codeDepthwiseScratchByteCount(shape))
      case .dense:
        (kernels.codeDenseWeightByteCount(inputs: inputs, outputs: outputs, bits: bits.weight), 0)
      }
    let winogradBytes = winograd.map { kernels.codeWinogradWeightByteCount($0, shape) } ?? 0
    if winogradBytes > 0 {
      packedBytes = winogradBytes
      scratchBytes = kernels.codeWinogradScratchByteCount(winograd!, shape)
    }
    let packed = GuardedBuffer([Int8](repeating: 85, count: packedBytes), placement)
    // Of words, as scratch memory is.
    let scratch = GuardedBuffer([Float](repeating: .nan, count: (scratchBytes + 3) / 4), placement)
    let results = withEnding(placement, fixed: fixed) { ending in
      switch operation {
      case .convolution where winogradBytes > 0:
        let fits = kernels.packCodeWinogradWeights(
          winograd!, shape, weight: weight.pointer, packed: packed.pointer)
        #expect(fits)
        for (rows, columns) in tileCalls(winograd!) {
          var ending = ending
          ending.tileColumns = columns
          kernels.codeWinogradConvolution(
            winograd!, shape, input: input.pointer, padCode: padCode, packedWeight: packed.pointer,
            ending: ending, rows: rows, scratch: scratch.pointer)
        }
      case .convolution:
        kernels.packIntegerWeights(shape, weight: weight.pointer, packed: packed.pointer)
        kernels.codeConvolution(
          shape, input: input.pointer, padCode: padCode, packedWeight: packed.pointer,
          ending: ending, rows: rows, scratch: scratch.pointer)
      case .pixels:
        kernels.packIntegerWeights(shape, weight: weight.pointer, packed: packed.pointer)
        pixels.withUnsafeBufferPointer {
          kernels.codePixels(
            shape, input: input.pointer, padCode: padCode, packedWeight: packed.pointer,
            ending: ending, pixels: $0, scratch: scratch.pointer)
        }
      case .depthwise:
        kernels.packCodeDepthwiseWeights(shape, weight: weight.pointer, packed: packed.pointer)
        kernels.codeDepthwise(
          shape, input: input.pointer, padCode: padCode, packedWeight: packed.pointer,
          ending: ending, rows: rows, scratch: scratch.pointer)
      case .dense:
        packed.pointer.withMemoryRebound(to: UInt8.self, capacity: packedBytes) {
          kernels.packCodeDenseWeights(
            inputs: inputs, outputs: outputs, bits: bits.weight, weight: weight.pointer, packed: $0)
          kernels.codeDense(
            inputs: inputs, outputs: outputs, bits: bits.weight, input: input.pointer,
            packedWeight: $0, ending: ending)
        }
      }
    }
    let intact = input.isIntact && weight.isIntact && packed.isIntact && scratch.isIntact
    #expect(intact, "a kernel wrote outside of its memory: \(shape)")
    return results
  }
}

extension ConvolutionShape {
  /// A fully connected layer.
  static func dense(inputs: Int, outputs: Int) -> ConvolutionShape {
    ConvolutionShape(
      inputHeight: 1, inputWidth: 1, inputChannels: inputs, outputHeight: 1, outputWidth: 1,
      outputChannels: outputs, kernelHeight: 1, kernelWidth: 1, strideHeight: 1, strideWidth: 1,
      padTop: 0, padLeft: 0)
  }
}
