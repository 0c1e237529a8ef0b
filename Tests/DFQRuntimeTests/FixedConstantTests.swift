import DFQFiles
import DFQRuntime
import DFQTensor
import Testing

/// The integers of endings in fixed point.
@Suite struct FixedConstantTests {
  /// 5 * 0.375 + 1 = 2.875, 5.75 steps of 1/2, code 6.
  @Test func byHand() throws {
    let grid = Grid(step: 0.5, bits: 4, nonNegative: true)
    var real = RealEnding(scale: [0.375], offset: [1], mostSum: [1000])
    real.negativeSlope = 0
    real.upperBound = 6.2
    let constants = try FixedConstants(real, output: .codes(grid))
    #expect(constants.shift == [31])
    #expect(constants.factors.multiplier == [1_610_612_736])
    #expect(constants.factors.addend == [4_294_967_296 + 1_073_741_824])
    #expect(constants.negative == nil)
    #expect((constants.low, constants.high) == (0, 12))
    #expect((5 * 1_610_612_736 + 5_368_709_120) >> 31 == 6)
  }

  @Test func slopesAboveOneAreRefused() {
    var real = RealEnding(scale: [1], offset: [0], mostSum: [1])
    real.negativeSlope = 1.5
    #expect(throws: FixedConstants.Failure(what: "a slope of 1.5 in fixed point")) {
      try FixedConstants(real, output: .numbers(levelsPerUnit: 1, most: 100))
    }
  }

  /// A network of one pixel: image 10 is code 20 of steps of 1/2.
  ///
  /// The convolution gives 20 * 3 / (2 * 4) + 0.5 = 8
  /// and, after ReLU, max(20 * -2 / 8 + 1, 0) = 0: codes 24 and 0 of steps of 1/3, and after the mean 12 and 0 of
  /// steps of 2/3. Logits are 8 * 1/8 + 0.25 and 8 * 2/8.
  @Test func aNetworkByHand() throws {
    func grid(_ levels: Float) -> Grid { Grid(step: 1 / levels, bits: 8, nonNegative: true) }
    func codes(_ codes: [Int8], _ levels: Float) -> Weights {
      .codes([CodedWeights(bits: 4, codes: codes, levels: [levels], zeros: [0])])
    }
    let shape = ConvolutionShape(
      inputHeight: 1, inputWidth: 1, inputChannels: 1, outputHeight: 1, outputWidth: 1,
      outputChannels: 2, kernelHeight: 1, kernelWidth: 1, strideHeight: 1, strideWidth: 1,
      padTop: 0, padLeft: 0)
    let program = IntegerProgram(
      points: [
        .init(name: "image", grids: [grid(2)]), .init(name: "map", grids: [grid(3)]),
        .init(name: "mean", grids: [grid(1.5)]),
      ],
      values: [
        .init(shape: [1, 1, 1]), .init(shape: [1, 1, 1], point: 0),
        .init(shape: [1, 1, 2], point: 1), .init(shape: [2], point: 2), .init(shape: [2]),
      ],
      operations: [
        Operation(.identity, input: 0),
        Operation(
          .convolution(
            .init(
              shape: shape, isDepthwise: false, weights: codes([3, -2], 4), bias: [0.5, 1])),
          input: 1, ending: .init(negativeSlope: 0)),
        Operation(.globalAveragePool, input: 2),
        Operation(
          .linear(
            .init(inputs: 2, outputs: 2, weights: codes([1, 2, 3, 4], 8), bias: [0.25, 0])),
          input: 3),
      ])
    let model = IntegerModel(levels: [program], mean: [0], standardDeviation: [1 / 255])
    for set in InstructionSet.available {
      for arithmetic in IntegerNetwork.Arithmetic.allCases {
        let network = try IntegerNetwork(
          model, arithmetic: arithmetic,
          context: ExecutionContext(threads: 1, instructionSet: set))
        let image = PixelImage(height: 1, width: 1, channels: 1, pixels: [10])
        #expect(try network.predict(image).logits == [1.25, 2])
      }
    }
  }

  /// The code is that of exact arithmetic but next to ties, for scales of every size.
  @Test func codesAreThoseOfRealNumbers() throws {
    var random = RandomStream(seed: 1, "fixed point")
    var ties = 0
    for round in 0..<400 {
      let grid = Grid(low: round % 2 == 0 ? 0 : -1.5, high: 4, bits: 2 + round % 7)
      let form = FixedForm.codes(grid)
      let most = Double(1 << (14 + round % 16))
      var real = RealEnding(
        scale: [Double(random.uniform(-6, 6)) / most], offset: [Double(random.uniform(-2, 2))],
        mostSum: [most])
      real.residualScale = round % 3 == 0 ? 0 : Double(random.uniform(0.001, 0.02))
      real.mostResidual = 255
      real.residualShift = 16
      real.negativeSlope = [0, 1, 0.1][round % 3]
      real.upperBound = round % 5 == 0 ? 3 : .infinity
      let constants = try FixedConstants(real, output: form)
      for _ in 0..<50 {
        let sum = Int32(random.uniform(-1, 1) * Float(most))
        let residual = UInt8(random.integer(below: 256))
        var value = Double(sum) * real.scale[0] + real.offset[0]
        value += Double(residual) * real.residualScale
        value = min(value < 0 ? value * real.negativeSlope : value, real.upperBound)
        let level = form.clamped(value)
        let found = evaluate(constants, sum: sum, residual: residual)
        let distance = abs(Double(found) - level)
        if distance > 0.5 { ties += 1 }
        #expect(distance <= 0.5 + 2e-4)
      }
    }
    #expect(ties < 20)
  }

  private func evaluate(_ constants: FixedConstants, sum: Int32, residual: UInt8) -> UInt8 {
    func list<T>(_ values: [T]) -> UnsafePointer<T> {
      let start = UnsafeMutablePointer<T>.allocate(capacity: values.count)
      start.initialize(from: values, count: values.count)
      return UnsafePointer(start)
    }
    func factors(_ factors: FixedConstants.Factors) -> FixedEnding.Factors {
      .init(
        multiplier: list(factors.multiplier), residualMultiplier: list(factors.residualMultiplier),
        addend: list(factors.addend))
    }
    var ending = FixedEnding(
      factors: factors(constants.factors), negative: constants.negative.map(factors),
      shift: list(constants.shift), low: constants.low, high: constants.high)
    ending.residualCodes = list([residual])
    var code: UInt8 = 0
    withUnsafeMutablePointer(to: &code) { code in
      ending.codes = code
      Kernels(.best).fixedEnding(ending, sums: list([sum]), pixels: 1, channels: 1)
    }
    return code
  }
}
