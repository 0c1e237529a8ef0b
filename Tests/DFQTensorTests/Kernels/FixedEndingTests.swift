internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// Endings in integers: every instruction set gives the scalar kernels' numbers.
@Suite struct FixedEndingTests {
  /// Random integers of an ending, with guarded memory.
  private struct Constants {
    let multiplier, residualMultiplier, shift: [Int32]
    let addend: [Int64]
    let isLeaky: Bool
    let residual: Int
    let givesCodes: Bool

    init(_ channels: Int, _ random: inout RandomStream) {
      func number(_ bits: Int) -> Int { random.integer(below: 1 << bits) - 1 << (bits - 1) }
      multiplier = (0..<channels).map { _ in Int32(number(32)) }
      residualMultiplier = (0..<channels).map { _ in Int32(number(26)) }
      addend = (0..<channels).map { _ in Int64(number(62)) }
      let most = [20, 62][random.integer(below: 2)]
      shift = (0..<channels).map { _ in Int32(random.integer(below: most + 1)) }
      isLeaky = random.integer(below: 3) == 0
      residual = random.integer(below: 3)
      givesCodes = random.integer(below: 2) == 0
    }

    /// What `body` leaves, as numbers.
    func run(
      count: Int, residuals: [Int32], _ placement: GuardedPlacement, _ body: (FixedEnding) -> Void
    ) -> [Int32] {
      let factors = [multiplier, residualMultiplier, shift].map { GuardedBuffer($0, placement) }
      let addends = GuardedBuffer(addend, placement)
      let numbers = GuardedBuffer([Int32](repeating: -77, count: count), placement)
      let codes = GuardedBuffer([UInt8](repeating: 77, count: count), placement)
      let residualNumbers = GuardedBuffer(residuals, placement)
      let residualCodes = GuardedBuffer(
        residuals.map { UInt8(truncatingIfNeeded: $0) }, placement)
      let own = FixedEnding.Factors(
        multiplier: factors[0].pointer, residualMultiplier: factors[1].pointer,
        addend: addends.pointer)
      var ending = FixedEnding(
        factors: own, shift: factors[2].pointer, low: givesCodes ? 3 : -1_000_000,
        high: givesCodes ? 250 : 90_000_000)
      if isLeaky {
        ending.negative = .init(
          multiplier: factors[1].pointer, residualMultiplier: factors[1].pointer,
          addend: addends.pointer)
      }
      if residual == 1 { ending.residualCodes = UnsafePointer(residualCodes.pointer) }
      if residual == 2 { ending.residualNumbers = UnsafePointer(residualNumbers.pointer) }
      if givesCodes { ending.codes = codes.pointer } else { ending.numbers = numbers.pointer }
      body(ending)
      let intact =
        numbers.isIntact && codes.isIntact && addends.isIntact && residualNumbers.isIntact
        && residualCodes.isIntact && factors.allSatisfy { $0.isIntact }
      #expect(intact, "a kernel wrote outside of its results")
      return givesCodes ? codes.values.map(Int32.init) : numbers.values
    }
  }

  private var kernels: [Kernels] {
    InstructionSet.available.flatMap { [Kernels($0), Kernels($0).withoutByteProducts] }
  }

  @Test func sumsInMemory() {
    var random = RandomStream(seed: 1, "fixed")
    for channels in [1, 3, 8, 15, 16, 17, 33, 64, 100] {
      for placement in GuardedPlacement.allCases {
        let constants = Constants(channels, &random)
        let count = 5 * channels
        let numbers = (0..<2 * count).map { _ in
          Int32(truncatingIfNeeded: Int64(bitPattern: random.next()) >> 36)
        }
        let sums = GuardedBuffer(Array(numbers[..<count]), placement)
        let results = kernels.map { kernels in
          constants.run(count: count, residuals: Array(numbers[count...]), placement) {
            kernels.fixedEnding($0, sums: sums.pointer, pixels: 5, channels: channels)
          }
        }
        #expect(sums.isIntact)
        for result in results { #expect(result == results[0], "\(channels) channels") }
      }
    }
  }

  /// Convolutions, depthwise ones and linear layers, whole or some of the outputs.
  @Test(arguments: CodeCase.Operation.allCases)
  func sumsOfProducts(_ operation: CodeCase.Operation) {
    var random = RandomStream(seed: 2, "fixed")
    var shapes = ConvolutionShapes(random: RandomStream(seed: 3, "fixed"))
    for round in 0..<60 {
      let shape =
        operation == .dense
        ? ConvolutionShape.dense(inputs: 1 + round * 7, outputs: 1 + round * 3)
        : shapes.next(depthwise: operation == .depthwise)
      let codes = CodeCase(operation, shape, &random)
      let constants = Constants(shape.outputChannels, &random)
      let residuals = (0..<shape.outputCount).map { _ in
        Int32(truncatingIfNeeded: Int64(bitPattern: random.next()) >> 40)
      }
      let results = kernels.map { kernels in
        constants.run(count: shape.outputCount, residuals: residuals, .middle) {
          codes.run(kernels, .middle, fixed: $0)
        }
      }
      for result in results { #expect(result == results[0], "\(operation) \(shape)") }
    }
  }
}
