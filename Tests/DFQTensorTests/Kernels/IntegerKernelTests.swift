internal import DFQTensor
internal import DFQTestSupport
internal import Testing

@Suite struct IntegerKernelTests {
  /// Every kind of kernels this processor runs, scalar first.
  private var everyKernels: [(String, Kernels)] {
    InstructionSet.available.flatMap { set in
      [
        ("\(set.rawValue)", Kernels(set)),
        ("\(set.rawValue) without VNNI", Kernels(set).withoutByteProducts),
      ]
    }
  }

  private func output(
    _ kernels: Kernels, _ codes: IntegerCase, scale: [Float], offset: [Float]
  ) -> [Float] {
    let scratch = (kernels.integerScratchByteCount(codes.shape) + 3) / 4
    let buffers = [
      scale, offset, [Float](repeating: .nan, count: codes.shape.outputCount),
      [Float](repeating: .nan, count: scratch),
    ]
    return Outcome(buffers) {
      codes.run(
        kernels, .middle, scale: $0[0], offset: $0[1], output: $0[2], scratch: $0[3])
      return []
    }.buffers[2]
  }

  /// The convolution's definition.
  private func reference(_ codes: IntegerCase, scale: [Float], offset: [Float]) -> [Float] {
    let s = codes.shape
    var result: [Float] = []
    for oy in 0..<s.outputHeight {
      for ox in 0..<s.outputWidth {
        for o in 0..<s.outputChannels {
          var sum = 0
          for kh in 0..<s.kernelHeight {
            for kw in 0..<s.kernelWidth {
              let y = oy * s.strideHeight - s.padTop + kh
              let x = ox * s.strideWidth - s.padLeft + kw
              let inside = 0..<s.inputHeight ~= y && 0..<s.inputWidth ~= x
              for i in 0..<s.inputChannels {
                let code =
                  inside ? codes.input[(y * s.inputWidth + x) * s.inputChannels + i] : codes.padCode
                let tap = (kh * s.kernelWidth + kw) * s.inputChannels + i
                sum += Int(code) * Int(codes.weight[tap * s.outputChannels + o])
              }
            }
          }
          result.append(offset[o].addingProduct(Float(sum), scale[o]))
        }
      }
    }
    return result
  }

  @Test func aCaseByHand() {
    let shape = ConvolutionShape(
      inputHeight: 2, inputWidth: 2, inputChannels: 1, outputHeight: 3, outputWidth: 3,
      outputChannels: 2, kernelHeight: 2, kernelWidth: 2, strideHeight: 1, strideWidth: 1,
      padTop: 1, padLeft: 1)
    var random = RandomStream(seed: 1, "by hand")
    var codes = IntegerCase(shape, &random)
    codes.input = [1, 2, 3, 4]
    codes.padCode = 5
    // The channels' kernels: 1 -1 / 2 3 and 0 0 / 0 1.
    codes.weight = [1, 0, -1, 0, 2, 0, 3, 1]
    // 13 8 19 / 23 17 20 / 27 24 24 halved plus 1, and 1 2 5 / 3 4 5 / 5 5 5 less 1.
    let expected: [Float] = [
      7.5, 0, 5, 1, 10.5, 4, 12.5, 2, 9.5, 3, 11, 4, 14.5, 4, 13, 4, 13, 4,
    ]
    for (name, kernels) in everyKernels {
      let found = output(kernels, codes, scale: [0.5, 1], offset: [1, -1])
      #expect(found == expected, "\(name)")
    }
  }

  @Test func sumsAreExactAndRoundedOnce() {
    var random = RandomStream(seed: 1, "integer convolution")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 2, "integer convolution"))
    for _ in 0..<60 {
      let codes = IntegerCase(shapes.next(depthwise: false), &random)
      let outputs = codes.shape.outputChannels
      let scale = (0..<outputs).map { _ in random.uniform(-1, 1) }
      let offset = (0..<outputs).map { _ in random.uniform(-1000, 1000) }
      let small = codes.shape.macs < 200_000  // the definition is slow in debug builds
      let expected =
        small
        ? reference(codes, scale: scale, offset: offset)
        : output(Kernels(.scalar), codes, scale: scale, offset: offset)
      for (name, kernels) in everyKernels {
        let found = output(kernels, codes, scale: scale, offset: offset)
        #expect(
          found.map(\.bitPattern) == expected.map(\.bitPattern), "\(name): \(codes.shape)")
      }
    }
  }

  /// 255 times -128 over and over, to the largest sums a float cannot hold either.
  @Test func sumsDoNotSaturate() {
    let shape = ConvolutionShape(
      inputHeight: 8, inputWidth: 8, inputChannels: 1024, outputHeight: 1, outputWidth: 1,
      outputChannels: 17, kernelHeight: 8, kernelWidth: 8, strideHeight: 1, strideWidth: 1,
      padTop: 0, padLeft: 0)
    var random = RandomStream(seed: 1, "saturation")
    var codes = IntegerCase(shape, &random)
    for index in codes.input.indices { codes.input[index] = 255 }
    for index in codes.weight.indices { codes.weight[index] = -128 }
    codes.input[0] = 254
    let sum = -255 * 128 * 65536 + 128
    for (name, kernels) in everyKernels {
      let found = output(
        kernels, codes, scale: [Float](repeating: 1, count: 17),
        offset: [Float](repeating: 0, count: 17))
      #expect(found == [Float](repeating: Float(sum), count: 17), "\(name)")
    }
  }

  @Test func codesAreTheLevelsOfFakeQuantization() {
    var random = RandomStream(seed: 2, "codes")
    for count in counts {
      let x = random.varied(count)
      for (levels, zero, low, high) in [
        (Float(3.7), Float(-5), Float(-8), Float(7)), (2, 0, 0, 15), (60, 7, -128, 127),
        (0.013, 1, -1, 0), (100, -3, 0, 255),
      ] {
        let grid = Outcome([x]) {
          Kernels(.scalar).fakeQuantize(
            x: $0[0], count: count, levelsPerUnit: levels, zero: zero, minimum: low, maximum: high,
            y: $0[0])
          return []
        }
        let values = grid.buffers[0]
        // The level of a value on the grid: the division's rounding is far below one.
        let expected = grid.buffers[0].map { UInt8((levels * $0 - zero).rounded() - low) }
        for set in InstructionSet.available {
          var codes = [UInt8](repeating: 85, count: count)
          Kernels(set).quantizeCodes(
            x: x, count: count, levelsPerUnit: levels, zero: zero, minimum: low, maximum: high,
            codes: &codes)
          #expect(codes == expected, "\(set.rawValue): count \(count), \(levels) levels")
          codes = [UInt8](repeating: 85, count: count)
          var y = [Float](repeating: -1, count: count)
          Kernels(set).quantizeCodes(
            x: x, count: count, levelsPerUnit: levels, zero: zero, minimum: low, maximum: high,
            codes: &codes, y: &y)
          #expect(codes == expected, "\(set.rawValue) with values: count \(count)")
          #expect(y == values, "\(set.rawValue): values of \(count), \(levels) levels")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available) func codesOfSpecialValues(set: InstructionSet) {
    let x: [Float] = [
      0.25, 0.75, -0.25, -0.75, 1.25, .nan, 1e30, -1e30, .infinity, -.infinity, -0.0,
    ]
    var codes = [UInt8](repeating: 85, count: x.count)
    Kernels(set).quantizeCodes(
      x: x, count: x.count, levelsPerUnit: 2, zero: 0, minimum: -8, maximum: 7, codes: &codes)
    #expect(codes == [8, 10, 8, 6, 10, 0, 15, 0, 15, 0, 8])
  }

  /// Next to halfway points it shows whether the product was rounded before the subtraction.
  @Test(arguments: InstructionSet.available) func productsAreRounded(set: InstructionSet) {
    let (levels, zero): (Float, Float) = (3.7, -5)
    let x = (-40..<40).flatMap { step -> [Float] in
      let middle = (Float(step) + 0.5) / levels
      return [middle.nextDown, middle, middle.nextUp]
    }
    var codes = [UInt8](repeating: 85, count: x.count)
    Kernels(set).quantizeCodes(
      x: x, count: x.count, levelsPerUnit: levels, zero: zero, minimum: -128, maximum: 127,
      codes: &codes)
    let expected = x.map { x -> UInt8 in
      let product = levels * x
      return UInt8((product - zero).rounded(.toNearestOrEven) + 128)
    }
    #expect(codes == expected)
  }
}
