internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// Winograd's algorithm in bytes against the convolution's definition, which it must equal bit for bit.
@Suite struct CodeWinogradTests {
  private static let kernels = InstructionSet.available.map { Kernels($0) }

  private func shape(
    _ height: Int, _ width: Int, inputs: Int, outputs: Int, pad: Int
  ) -> ConvolutionShape {
    ConvolutionShape(
      inputHeight: height, inputWidth: width, inputChannels: inputs,
      outputHeight: height + 2 * pad - 2, outputWidth: width + 2 * pad - 2, outputChannels: outputs,
      kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1, padTop: pad, padLeft: pad)
  }

  private func random(
    _ shape: ConvolutionShape, _ random: inout RandomStream, inputBits: Int, weightBits: Int
  ) -> CodeCase {
    var one = CodeCase(.convolution, shape, &random)
    let (most, least) = ((1 << inputBits) - 1, -(1 << (weightBits - 1)))
    one.bits = (inputBits, weightBits, one.bits.output)
    one.input = one.input.map { _ in
      UInt8(random.integer(below: 3) == 0 ? most : random.integer(below: most + 1))
    }
    one.weight = one.weight.map { _ in
      Int8(random.integer(below: 3) == 0 ? least : random.integer(below: 1 << weightBits) + least)
    }
    one.padCode = UInt8(random.integer(below: most + 1))
    one.isWinograd = true
    return one
  }

  private func expectExact(_ one: CodeCase, _ placement: GuardedPlacement = .middle) {
    let expected = one.run(Kernels(.scalar))
    for kernels in CodeWinogradTests.kernels {
      let found = one.run(kernels, placement)
      let same =
        found.codes == expected.codes
        && found.values.map(\.bitPattern) == expected.values.map(\.bitPattern)
      #expect(same, "\(one.shape), bits \(one.bits), rows \(one.rows)")
    }
  }

  @Test func everyWidth() {
    var stream = RandomStream(seed: 1, "winograd in bytes")
    for inputBits in 1...6 {
      for weightBits in 2...4 {
        for (height, width, pad) in [(1, 1, 1), (2, 7, 1), (9, 6, 1), (5, 5, 2), (11, 3, 0)] {
          let inputs = 16 + stream.integer(below: 90)
          let outputs = 8 + stream.integer(below: 140)
          expectExact(
            random(
              shape(height, width, inputs: inputs, outputs: outputs, pad: pad), &stream,
              inputBits: inputBits, weightBits: weightBits))
        }
      }
    }
  }

  /// Codes at the ends of their ranges, with the signs of each tap: every transformed value is as large
  /// as it can be.
  @Test func extremes() {
    var stream = RandomStream(seed: 2, "winograd in bytes")
    for pattern in 0..<16 {
      var one = random(
        shape(6, 6, inputs: 68, outputs: 36, pad: 1), &stream, inputBits: 6, weightBits: 4)
      one.input = one.input.indices.map { index in
        let (row, column) = (index / 68 / 6, index / 68 % 6)
        return (row >> (pattern & 1) + column >> (pattern >> 1 & 1)) & 1 == pattern >> 2 & 1
          ? 63 : 0
      }
      one.weight = one.weight.indices.map { index in
        let tap = index / (68 * 36)
        return (tap / 3 + tap % 3) & 1 == pattern >> 3 ? 7 : -8
      }
      expectExact(one)
    }
  }

  /// Each tap at the ends of its range: one tile whose inputs and weights have the signs of the tap's transforms.
  @Test(arguments: 0..<16) func extremesOfTap(tap: Int) {
    var stream = RandomStream(seed: 4, "winograd in bytes")
    let inputs: [[Int]] = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]
    let weights: [[Int]] = [[1, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 1]]
    let (row, column) = (tap / 4, tap % 4)
    for (channels, outputs) in [(16, 16), (40, 48), (70, 33)] {
      for sign in [1, -1] {
        for least in [-8, -7] {
          var one = random(
            shape(4, 4, inputs: channels, outputs: outputs, pad: 0), &stream, inputBits: 6,
            weightBits: 4)
          one.input = one.input.indices.map { index in
            let pixel = index / channels
            return inputs[row][pixel / 4] * inputs[column][pixel % 4] * sign > 0 ? 63 : 0
          }
          one.weight = one.weight.indices.map { index in
            let place = index / (channels * outputs)
            let size = weights[row][place / 3] * weights[column][place % 3]
            return size * (index % 2 == 0 ? 1 : -1) >= 0 ? 7 : Int8(least)
          }
          expectExact(one)
        }
      }
    }
  }

  /// Channels at the borders of vectors, blocks of outputs and the two orders of products.
  @Test func everyBlock() {
    var stream = RandomStream(seed: 5, "winograd in bytes")
    for inputs in [16, 17, 32, 48, 64, 65, 96] {
      for outputs in [8, 16, 17, 32, 33, 48, 64, 65, 100] {
        let (height, width) = (1 + stream.integer(below: 9), 1 + stream.integer(below: 60))
        expectExact(
          random(
            shape(height, width, inputs: inputs, outputs: outputs, pad: 1), &stream, inputBits: 5,
            weightBits: 4))
      }
    }
  }

  /// Scales whose quarter is not exact, and sums of which four times do not fit 32 bits.
  @Test func smallestScales() {
    var stream = RandomStream(seed: 6, "winograd in bytes")
    var one = random(
      shape(6, 6, inputs: 20, outputs: 40, pad: 1), &stream, inputBits: 5, weightBits: 4)
    for o in 0..<40 { one.floats[0][o] = Float(bitPattern: UInt32(o * 0x3_0001)) }
    one.normalizes = false
    one.wants = (true, true)
    expectExact(one)
    one.wants = (true, false)
    one.grid = CodeEnding.Grid(levelsPerUnit: 0x1p120, zero: 0, minimum: 0, maximum: 255)
    one.floats[1] = one.floats[1].map { _ in 0 }
    one.residual = .none
    expectExact(one)
  }

  @Test(arguments: GuardedPlacement.allCases)
  func stayInTheirMemory(placement: GuardedPlacement) {
    var stream = RandomStream(seed: 3, "winograd in bytes")
    for (size, inputs, outputs) in [(4, 16, 16), (5, 33, 24), (7, 70, 40), (3, 130, 70)] {
      expectExact(
        random(
          shape(size, size, inputs: inputs, outputs: outputs, pad: 1), &stream, inputBits: 5,
          weightBits: 4), placement)
    }
  }

  /// 5-bit weights that fit are packed, others are refused; other shapes have no such kernel.
  @Test func whatDoesNotFitIsRefused() {
    let kernels = Kernels(.best)
    let shape = shape(4, 4, inputs: 16, outputs: 16, pad: 1)
    let bytes = kernels.codeWinogradWeightByteCount(shape)
    guard bytes > 0 else { return }
    var packed = [Int8](repeating: 0, count: bytes)
    let alternating = (0..<9 * 256).map { Int8(($0 / 256) % 2 == 0 ? 14 : -14) }
    #expect(kernels.packCodeWinogradWeights(shape, weight: alternating, packed: &packed))
    let same = [Int8](repeating: 15, count: 9 * 256)
    #expect(!kernels.packCodeWinogradWeights(shape, weight: same, packed: &packed))
    var strided = shape
    strided.strideHeight = 2
    #expect(kernels.codeWinogradWeightByteCount(strided) == 0)
  }
}
