internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// Winograd's algorithms on codes against the convolution's definition, which they must equal bit for bit.
@Suite struct CodeWinogradTests {
  private static let kernels = InstructionSet.available.flatMap {
    [Kernels($0), Kernels($0).withoutByteProducts]
  }

  /// The most bits of inputs that an algorithm takes.
  private static let mostBits: [CodeWinograd: Int] = [
    .bytes2x2: 6, .bytes4x2: 5, .bytes4x4: 4, .bytesStride2: 6, .words4x4: 8,
  ]

  private func shape(
    _ height: Int, _ width: Int, inputs: Int, outputs: Int, pad: Int,
    for algorithm: CodeWinograd = .bytes2x2
  ) -> ConvolutionShape {
    let stride = algorithm.stride
    return ConvolutionShape(
      inputHeight: height, inputWidth: width, inputChannels: inputs,
      outputHeight: (height + 2 * pad - 3) / stride + 1,
      outputWidth: (width + 2 * pad - 3) / stride + 1, outputChannels: outputs,
      kernelHeight: 3, kernelWidth: 3, strideHeight: stride, strideWidth: stride, padTop: pad,
      padLeft: pad)
  }

  private func random(
    _ shape: ConvolutionShape, _ random: inout RandomStream, inputBits: Int, weightBits: Int,
    algorithm: CodeWinograd = .bytes2x2
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
    one.winograd = algorithm
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

  @Test(arguments: CodeWinograd.allCases) func everyWidth(algorithm: CodeWinograd) {
    var stream = RandomStream(seed: 1, "winograd in bytes")
    for inputBits in 1...(CodeWinogradTests.mostBits[algorithm]!) {
      for weightBits in 2...(algorithm.usesWords ? 8 : algorithm.stride == 2 ? 6 : 4) {
        for (height, width, pad) in [(1, 1, 1), (2, 7, 1), (9, 6, 1), (5, 5, 2), (11, 3, 0)] {
          let inputs = 16 + stream.integer(below: 80)
          let outputs =
            algorithm != .bytes2x2 && !algorithm.usesWords
            ? 16 * (1 + stream.integer(below: 9)) : 8 + stream.integer(below: 140)
          expectExact(
            random(
              shape(height, width, inputs: inputs, outputs: outputs, pad: pad, for: algorithm),
              &stream,
              inputBits: inputBits, weightBits: weightBits, algorithm: algorithm))
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

  /// Each tap at the ends of its range: one tile whose inputs have the signs of the tap's transform, and weights those of the tap's
  /// or their own.
  @Test(arguments: [CodeWinograd.bytes2x2, .bytes4x2, .bytes4x4, .bytesStride2])
  func extremesOfTap(algorithm: CodeWinograd) {
    var stream = RandomStream(seed: 4, "winograd in bytes")
    let (rows, rowWeights) = CodeWinogradTests.byteTaps(algorithm.tile.rows, algorithm.stride)
    let (columns, columnWeights) = CodeWinogradTests.byteTaps(
      algorithm.tile.columns, algorithm.stride)
    let (height, width) = (rows[0].count, columns[0].count)
    let bits = CodeWinogradTests.mostBits[algorithm]!
    let weightBits = algorithm.stride == 2 ? 6 : 4
    let (most, least) = (Int8(1 << (weightBits - 1) - 1), Int8(-1 << (weightBits - 1)))
    for (row, column) in rows.indices.flatMap({ r in columns.indices.map { (r, $0) } }) {
      for (channels, outputs) in [(16, 16), (40, 48), (72, 32)] {
        for sign in [1, -1] {
          var one = random(
            shape(height, width, inputs: channels, outputs: outputs, pad: 0, for: algorithm),
            &stream, inputBits: bits, weightBits: weightBits, algorithm: algorithm)
          one.input = one.input.indices.map { index in
            let (y, x) = (index / channels / width, index / channels % width)
            return rows[row][y] * columns[column][x] * sign > 0 ? UInt8(1 << bits - 1) : 0
          }
          one.padCode = 0
          one.weight = one.weight.indices.map { index in
            let place = index / (channels * outputs)
            let product = rowWeights[row][place / 3] * columnWeights[column][place % 3]
            return product * (index % 2 == 0 ? 1 : -1) >= 0 ? most : least
          }
          expectExact(one)
        }
      }
    }
  }

  /// B^T and G of tiles of 2 or 4 rows or columns on bytes; of 4: modulo x - 1, x + 1, three times x^2 + 1, x, and at infinity.
  private static func byteTaps(
    _ size: Int, _ stride: Int
  ) -> (inputs: [[Int]], weights: [[Int]]) {
    if stride == 2 { return (stridedInputs, stridedWeights) }
    if size == 4 { return (byteInputs, byteWeights) }
    return (
      [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
      [[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]
    )
  }

  private static let byteInputs = [
    [0, 1, 1, 1, 1, 0], [0, -1, 1, -1, 1, 0], [0, 1, 0, -1, 0, 0], [0, -1, -1, 1, 1, 0],
    [0, -1, 1, 1, -1, 0], [1, 0, 0, 0, -1, 0], [0, -1, 0, 0, 0, 1],
  ]
  private static let byteWeights = [
    [1, 1, 1], [1, -1, 1], [1, 1, -1], [1, 0, -1], [0, 1, 0], [4, 0, 0], [0, 0, 4],
  ]

  /// Of two rows or columns with a stride of 2: the outer taps, joined, and the middle tap.
  private static let stridedInputs = [
    [1, 0, -1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, -1, 0, 1],
  ]
  private static let stridedWeights = [[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]]

  /// The same with a stride of 2: outputs of inputs 1, 2, 3, 5, 7 and weights 2, -1, 3 are 9 and 22.
  @Test func productsOfBytesWithStride() {
    func products(_ d: [Int], _ g: [Int]) -> [Int] {
      zip(CodeWinogradTests.stridedInputs, CodeWinogradTests.stridedWeights).map { rows in
        zip(rows.0, d).reduce(0) { $0 + $1.0 * $1.1 }
          * zip(rows.1, g).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    let m = products([1, 2, 3, 5, 7], [2, -1, 3])
    #expect(m == [-4, -2, 15, -5, 12])
    #expect([m[0] + m[1] + m[2], m[2] + m[3] + m[4]] == [9, 22])
  }

  /// The algorithm itself on numbers that can be followed by hand: four times the outputs of inputs 1, 2, 3, 5, 7, 11 and weights
  /// 2, -1, 3, which are 9, 16, 22 and 36, and of all unit inputs and weights.
  @Test func productsOfBytes() {
    func outputs(_ d: [Int], _ g: [Int]) -> [Int] {
      func times(_ rows: [[Int]], _ x: [Int]) -> [Int] {
        rows.map { zip($0, x).reduce(0) { $0 + $1.0 * $1.1 } }
      }
      let m = zip(
        times(CodeWinogradTests.byteInputs, d), times(CodeWinogradTests.byteWeights, g)
      ).map { $0 * $1 }
      let (even, odd) = (2 * (m[2] + m[3]), 2 * (m[2] + m[4]))
      return [
        m[0] + m[1] + even + m[5], m[0] - m[1] + odd, m[0] + m[1] - even,
        m[0] - m[1] - odd + m[6],
      ]
    }
    #expect(outputs([1, 2, 3, 5, 7, 11], [2, -1, 3]) == [36, 64, 88, 144])
    for input in 0..<6 {
      for weight in 0..<3 {
        let d = (0..<6).map { $0 == input ? 1 : 0 }, g = (0..<3).map { $0 == weight ? 1 : 0 }
        #expect(outputs(d, g) == (0..<4).map { $0 + weight == input ? 4 : 0 })
      }
    }
  }

  /// B^T of four outputs.
  private static let wideColumns = [
    [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
  ]

  /// The same in words, with codes and weights of 8 bits: every transformed value is as large as it can be.
  @Test(arguments: 0..<36) func extremesOfWordTap(tap: Int) {
    var stream = RandomStream(seed: 7, "winograd in words")
    let inputs = CodeWinogradTests.wideColumns
    let weights = [[6, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 6]]
    let (row, column) = (tap / 6, tap % 6)
    for (channels, outputs) in [(16, 16), (40, 48), (64, 70), (114, 33)] {
      for sign in [1, -1] {
        for least in [-128, -127] {
          var one = random(
            shape(6, 6, inputs: channels, outputs: outputs, pad: 0), &stream, inputBits: 8,
            weightBits: 8, algorithm: .words4x4)
          one.input = one.input.indices.map { index in
            let pixel = index / channels
            return inputs[row][pixel / 6] * inputs[column][pixel % 6] * sign > 0 ? 255 : 0
          }
          one.weight = one.weight.indices.map { index in
            let place = index / (channels * outputs)
            let size = weights[row][place / 3] * weights[column][place % 3]
            return size * (index % 2 == 0 ? 1 : -1) >= 0 ? 127 : Int8(least)
          }
          expectExact(one)
        }
      }
    }
  }

  /// The largest sums that are packed: 255 times weights of one sign whose sum is just below 2^25 / 255.
  @Test(arguments: [1, -1]) func largestSums(sign: Int) {
    let kernels = Kernels(.best)
    var stream = RandomStream(seed: 8, "winograd in words")
    var one = random(
      shape(7, 7, inputs: 120, outputs: 16, pad: 0), &stream, inputBits: 8, weightBits: 8,
      algorithm: .words4x4)
    let most = (1 << 25) / 255
    let each = most / 1080
    one.input = one.input.map { _ in 255 }
    one.weight = one.weight.indices.map { index in
      Int8(sign * (each + (index / 16 < most - 1080 * each ? 1 : 0)))
    }
    expectExact(one)
    let bytes = kernels.codeWinogradWeightByteCount(.words4x4, one.shape)
    guard bytes > 0 else { return }
    var packed = [Int8](repeating: 0, count: bytes)
    one.weight[0] += Int8(sign)
    one.weight[1] += Int8(sign)
    let fits = kernels.packCodeWinogradWeights(
      .words4x4, one.shape, weight: one.weight, packed: &packed)
    #expect(fits == (255 * (most + 1) < 1 << 25))
  }

  /// Channels at the borders of vectors, blocks of outputs and the orders of products.
  @Test(arguments: CodeWinograd.allCases) func everyBlock(algorithm: CodeWinograd) {
    var stream = RandomStream(seed: 5, "winograd in bytes")
    for inputs in [16, 17, 32, 48, 64, 65, 96] {
      for outputs in [8, 16, 17, 32, 33, 48, 64, 65, 100] {
        let (height, width) = (1 + stream.integer(below: 9), 1 + stream.integer(below: 60))
        expectExact(
          random(
            shape(height, width, inputs: inputs, outputs: outputs, pad: 1, for: algorithm), &stream,
            inputBits: min(5, CodeWinogradTests.mostBits[algorithm]!), weightBits: 3,
            algorithm: algorithm))
      }
    }
  }

  /// Maps that take several strips of transformed inputs.
  @Test(arguments: CodeWinograd.allCases) func severalStrips(algorithm: CodeWinograd) {
    var stream = RandomStream(seed: 9, "winograd in bytes")
    let sizes = [(46, 57, 64, 16), (33, 29, 128, 48), (27, 30, 192, 32)]
    for (height, width, inputs, outputs) in sizes {
      let height = height * algorithm.stride, width = width * algorithm.stride
      expectExact(
        random(
          shape(height, width, inputs: inputs, outputs: outputs, pad: 1, for: algorithm), &stream,
          inputBits: min(4, CodeWinogradTests.mostBits[algorithm]!), weightBits: 3,
          algorithm: algorithm))
    }
  }

  /// Two calls that share a row of tiles.
  @Test(arguments: CodeWinograd.allCases) func dividedRows(algorithm: CodeWinograd) {
    var stream = RandomStream(seed: 10, "winograd in bytes")
    for _ in 0..<40 {
      let (height, width) = (1 + stream.integer(below: 24), 1 + stream.integer(below: 40))
      let inputs = 16 * (1 + stream.integer(below: 9))
      var one = random(
        shape(
          height + 2, width + 2, inputs: inputs, outputs: 16 * (1 + stream.integer(below: 5)),
          pad: 1, for: algorithm), &stream,
        inputBits: min(4, CodeWinogradTests.mostBits[algorithm]!), weightBits: 3,
        algorithm: algorithm)
      one.firstTiles = stream.integer(below: one.tileCount(algorithm) + 1)
      expectExact(one)
    }
  }

  /// Scales whose quarter is not exact, and sums of which four times do not fit 32 bits.
  @Test(arguments: CodeWinograd.allCases) func smallestScales(algorithm: CodeWinograd) {
    var stream = RandomStream(seed: 6, "winograd in bytes")
    var one = random(
      shape(6, 6, inputs: 20, outputs: 48, pad: 1, for: algorithm), &stream,
      inputBits: min(5, CodeWinogradTests.mostBits[algorithm]!), weightBits: 3,
      algorithm: algorithm)
    for o in 0..<48 { one.floats[0][o] = Float(bitPattern: UInt32(o * 0x3_0001)) }
    one.normalizes = false
    one.wants = (true, true)
    expectExact(one)
    one.wants = (true, false)
    one.grid = CodeEnding.Grid(levelsPerUnit: 0x1p120, zero: 0, minimum: 0, maximum: 255)
    one.floats[1] = one.floats[1].map { _ in 0 }
    one.residual = .none
    expectExact(one)
  }

  @Test(arguments: GuardedPlacement.allCases, CodeWinograd.allCases)
  func stayInTheirMemory(placement: GuardedPlacement, algorithm: CodeWinograd) {
    var stream = RandomStream(seed: 3, "winograd in bytes")
    let sizes = [(4, 16, 16), (5, 33, 24), (7, 70, 48), (3, 110, 70), (9, 32, 64)]
    for (size, inputs, outputs) in sizes {
      expectExact(
        random(
          shape(size, size, inputs: inputs, outputs: outputs, pad: 1, for: algorithm), &stream,
          inputBits: min(5, CodeWinogradTests.mostBits[algorithm]!), weightBits: 3,
          algorithm: algorithm), placement)
    }
  }

  /// 5-bit weights that fit are packed, others are refused; other shapes have no such kernel.
  @Test func whatDoesNotFitIsRefused() {
    let kernels = Kernels(.best)
    let shape = shape(4, 4, inputs: 16, outputs: 16, pad: 1)
    let bytes = kernels.codeWinogradWeightByteCount(.bytes2x2, shape)
    guard bytes > 0 else { return }
    var packed = [Int8](repeating: 0, count: bytes)
    let alternating = (0..<9 * 256).map { Int8(($0 / 256) % 2 == 0 ? 14 : -14) }
    #expect(kernels.packCodeWinogradWeights(.bytes2x2, shape, weight: alternating, packed: &packed))
    let same = [Int8](repeating: 15, count: 9 * 256)
    #expect(!kernels.packCodeWinogradWeights(.bytes2x2, shape, weight: same, packed: &packed))
    var strided = shape
    strided.strideHeight = 2
    #expect(
      CodeWinograd.allCases.allSatisfy { kernels.codeWinogradWeightByteCount($0, strided) == 0 })
    strided.strideWidth = 2
    #expect(kernels.codeWinogradWeightByteCount(.bytes2x2, strided) == 0)
    let stridedBytes = kernels.codeWinogradWeightByteCount(.bytesStride2, strided)
    guard stridedBytes > 0 else { return }
    packed = [Int8](repeating: 0, count: stridedBytes)
    for (weight, fits) in [(-32, true), (31, true), (-33, false), (32, false)] {
      let all = [Int8](repeating: Int8(weight), count: 9 * 256)
      #expect(
        kernels.packCodeWinogradWeights(.bytesStride2, strided, weight: all, packed: &packed)
          == fits)
    }
  }
}
