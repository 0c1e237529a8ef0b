internal import DFQTensor
internal import DFQTestSupport
internal import Testing

@Suite struct CodeKernelTests {
  /// Every kind of vector kernels this processor runs.
  private var vectorKernels: [(String, Kernels)] {
    InstructionSet.available.filter { $0 != .scalar }.flatMap { set in
      [
        ("\(set.rawValue)", Kernels(set)),
        ("\(set.rawValue) without VNNI", Kernels(set).withoutByteProducts),
      ]
    }
  }

  private func expectSame(_ one: CodeCase, _ other: (codes: [UInt8], values: [Float])? = nil) {
    let expected = other ?? one.run(Kernels(.scalar))
    for (name, kernels) in vectorKernels {
      let found = one.run(kernels)
      let same =
        found.codes == expected.codes
        && found.values.map(\.bitPattern) == expected.values.map(\.bitPattern)
      #expect(
        same,
        """
        \(name): \(one.operation) \(one.shape), bits \(one.bits), rows \(one.rows), outputs \
        \(String(describing: one.outputs)), residual \(one.residual), activation \(one.activation)
        """)
    }
  }

  @Test func convolutionsAreTheSameBits() {
    var random = RandomStream(seed: 1, "codes")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 2, "codes"))
    for _ in 0..<80 { expectSame(CodeCase(.convolution, shapes.next(depthwise: false), &random)) }
    for outputs in [65, 128, 200] {
      let shape = GuardedShapes.same(6, 9, inputs: 20, outputs: outputs, kernel: 3)
      for _ in 0..<4 { expectSame(CodeCase(.convolution, shape, &random)) }
    }
    expectSame(CodeCase(.convolution, ConvolutionShapes.large, &random))
  }

  /// Pixels computed by themselves are those of the whole convolution.
  @Test func somePixelsAreTheSameBits() {
    var random = RandomStream(seed: 12, "codes")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 13, "codes"))
    for _ in 0..<80 {
      let one = CodeCase(.pixels, shapes.next(depthwise: false), &random)
      expectSame(one)
      var whole = one
      whole.operation = .convolution
      whole.rows = 0..<one.shape.outputHeight
      let channels = one.shape.outputChannels
      let values = whole.run(Kernels(.scalar)).values
      let picked = one.pixels.flatMap { pixel in
        values[Int(pixel) * channels..<(Int(pixel) + 1) * channels]
      }
      let found = one.run(Kernels(.scalar)).values.prefix(picked.count)
      #expect(found.map(\.bitPattern) == picked.map(\.bitPattern), "\(one.shape)")
    }
  }

  @Test func depthwiseConvolutionsAreTheSameBits() {
    var random = RandomStream(seed: 3, "codes")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 4, "codes"))
    for _ in 0..<80 { expectSame(CodeCase(.depthwise, shapes.next(depthwise: true), &random)) }
    for channels in [65, 128, 200] {
      let shape = GuardedShapes.same(6, 9, inputs: channels, outputs: channels, kernel: 5)
      for _ in 0..<4 { expectSame(CodeCase(.depthwise, shape, &random)) }
    }
  }

  @Test func denseLayersAreTheSameBits() {
    var random = RandomStream(seed: 5, "codes")
    for inputs in [1, 2, 3, 7, 16, 33, 64, 250, 1023, 1024, 1025, 2100] {
      for outputs in [1, 10, 16, 63, 64, 65, 100, 200] {
        expectSame(CodeCase(.dense, .dense(inputs: inputs, outputs: outputs), &random))
      }
    }
  }

  /// 255 times -128 over and over.
  @Test(arguments: CodeCase.Operation.allCases)
  func sumsDoNotSaturate(operation: CodeCase.Operation) {
    var random = RandomStream(seed: 6, "codes")
    let shape =
      operation == .dense
      ? ConvolutionShape.dense(inputs: 20000, outputs: 17)
      : GuardedShapes.same(7, 7, inputs: 17, outputs: 17, kernel: 7)
    var one = CodeCase(operation, shape, &random)
    one.bits = (8, 8, 8)
    one.input = one.input.map { _ in 255 }
    one.weight = one.weight.map { _ in -128 }
    one.padCode = 255
    one.wants = (true, true)
    expectSame(one)
  }

  /// The definition: an integer convolution, a normalization with activation and a quantization, one after the other.
  @Test func theEndingIsThreeKernelsInOne() {
    var random = RandomStream(seed: 7, "codes")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 8, "codes"))
    for round in 0..<60 {
      var one = CodeCase(.convolution, shapes.next(depthwise: false), &random)
      one.wants = (true, round % 2 == 0)
      one.rows = 0..<one.shape.outputHeight
      one.outputs = nil
      for (name, kernels) in vectorKernels + [("scalar", Kernels(.scalar))] {
        let found = one.run(kernels)
        let expected = separately(one, kernels)
        #expect(found.codes == expected.codes, "\(name): \(one.shape)")
        if one.wants.values {
          let same = found.values.map(\.bitPattern) == expected.values.map(\.bitPattern)
          #expect(same, "\(name): values of \(one.shape)")
        }
      }
    }
  }

  private func separately(
    _ one: CodeCase, _ kernels: Kernels
  ) -> (codes: [UInt8], values: [Float]) {
    let (shape, count) = (one.shape, one.shape.outputCount)
    var packed = [Int8](repeating: 0, count: kernels.integerWeightByteCount(shape))
    var scratch = [UInt8](repeating: 0, count: kernels.integerScratchByteCount(shape))
    var x = [Float](repeating: 0, count: count)
    kernels.packIntegerWeights(shape, weight: one.weight, packed: &packed)
    kernels.integerConvolution(
      shape, input: one.input, padCode: one.padCode, packedWeight: packed, scale: one.floats[0],
      offset: one.floats[1], rows: 0..<shape.outputHeight, output: &x, scratch: &scratch)
    // A shift of -0 changes no number, not even a zero's sign.
    let channels = shape.outputChannels
    let scale = one.normalizes ? one.floats[2] : [Float](repeating: 1, count: channels)
    let shift = one.normalizes ? one.floats[3] : [Float](repeating: -0.0, count: channels)
    let residual: [Float]? =
      switch one.residual {
      case .none: nil
      case .values: one.floats[4]
      case .codes:
        one.residualCodes.map {
          (Float($0) + one.residualGrid.offset) / one.residualGrid.levelsPerUnit
        }
      }
    var y = x
    kernels.affineActivation(
      x: x, scale: scale, shift: shift, residual: residual,
      negativeSlope: one.activation.negativeSlope, upperBound: one.activation.upperBound,
      pixels: count / channels, channels: channels, y: &y)
    var codes = [UInt8](repeating: 0, count: count)
    kernels.quantizeCodes(
      x: y, count: count, levelsPerUnit: one.grid.levelsPerUnit, zero: one.grid.zero,
      minimum: one.grid.minimum, maximum: one.grid.maximum, codes: &codes)
    return (codes, y)
  }

  /// Levels far beyond those that 32 bits hold, and on ties.
  @Test func extremeEndings() {
    var random = RandomStream(seed: 9, "codes")
    let shape = GuardedShapes.same(5, 9, inputs: 3, outputs: 40, kernel: 3)
    for levels in [Float(1e-20), 1e-3, 0.5, 1, 1e8, 1e20] {
      for scale in [Float(0.25), 1e-6, 1e6] {
        for _ in 0..<4 {
          var one = CodeCase(.convolution, shape, &random)
          one.floats[0] = one.floats[0].map { $0 < 0 ? -scale : scale }
          one.floats[1] = one.floats[1].map { _ in 0.5 }
          one.grid.levelsPerUnit = levels
          expectSame(one)
        }
      }
    }
  }

  @Test func maximumPoolingIsTheSame() {
    var random = RandomStream(seed: 10, "codes")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 11, "codes"))
    for _ in 0..<80 {
      let shape = shapes.next(depthwise: true)
      guard shape.windowsReachTheImage else { continue }
      let input = (0..<shape.inputCount).map { _ in UInt8(random.integer(below: 256)) }
      let values = input.map(Float.init)
      var largest = [Float](repeating: -1, count: shape.outputCount)
      Kernels(.scalar).maxPool(shape, input: values, output: &largest)
      for set in InstructionSet.available {
        var codes = [UInt8](repeating: 85, count: shape.outputCount)
        Kernels(set).codeMaxPool(shape, input: input, output: &codes)
        #expect(codes.map(Float.init) == largest, "\(set.rawValue): \(shape)")
      }
    }
  }
}

extension ConvolutionShape {
  /// Whether no window lies in the padding alone.
  fileprivate var windowsReachTheImage: Bool {
    padTop < kernelHeight && padLeft < kernelWidth
      && (outputHeight - 1) * strideHeight - padTop < inputHeight
      && (outputWidth - 1) * strideWidth - padLeft < inputWidth
  }
}
