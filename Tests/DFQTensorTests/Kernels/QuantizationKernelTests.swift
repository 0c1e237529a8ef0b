internal import DFQTensor
internal import Testing

@Suite struct QuantizationKernelTests {
  @Test func fakeQuantizeHasTheSameBits() {
    var random = RandomStream(seed: 1, "fake quantize")
    for count in counts {
      let values = random.varied(count)
      for (levels, zero) in [(Float(3.7), Float(-5)), (2, 0), (0.013, 1), (60, 7)] {
        expectSameBits([values, values], "count \(count), \(levels) levels") { kernels, buffers in
          kernels.fakeQuantize(
            x: buffers[0], count: count, levelsPerUnit: levels, zero: zero, minimum: -8,
            maximum: 7, y: buffers[1])
          return []
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available) func halvesRoundToEven(set: InstructionSet) {
    let outcome = Outcome([[0.25, 0.75, -0.25, -0.75, 1.25, .nan, 100, -100]]) {
      Kernels(set).fakeQuantize(
        x: $0[0], count: 8, levelsPerUnit: 2, zero: 0, minimum: -8, maximum: 7, y: $0[0])
      return []
    }
    let found = outcome.buffers[0]
    #expect(found[0..<5] == [0, 1, 0, -1, 1])
    #expect(found[5].isNaN)
    #expect(found[6...] == [3.5, -4])
  }

  /// Next to halfway points it shows whether the product was rounded before the subtraction.
  @Test(arguments: InstructionSet.available) func productsAreRounded(set: InstructionSet) {
    let levels: Float = 3.7
    let zero: Float = -5
    let x = (-40..<40).flatMap { step -> [Float] in
      let middle = (Float(step) + 0.5) / levels
      return [middle.nextDown, middle, middle.nextUp]
    }
    let outcome = Outcome([x]) {
      Kernels(set).fakeQuantize(
        x: $0[0], count: x.count, levelsPerUnit: levels, zero: zero, minimum: -128, maximum: 127,
        y: $0[0])
      return []
    }
    let expected = x.map { x -> Float in
      let product = levels * x
      return ((product - zero).rounded(.toNearestOrEven) + zero) / levels
    }
    #expect(outcome.buffers[0] == expected)
  }

  @Test func channelGridsHaveTheSameBits() {
    var random = RandomStream(seed: 2, "channel grids")
    for channels in channelCounts {
      let rows = 1 + random.integer(below: 9)
      let levels = (0..<channels).map { _ in random.uniform(0.5, 20) }
      let zero = (0..<channels).map { _ in Float(random.integer(below: 9) - 4) }
      let values = random.varied(rows * channels)
      expectSameBits([values, values, levels, zero], "\(rows) x \(channels)") { kernels, buffers in
        kernels.fakeQuantizeChannels(
          x: buffers[0], rows: rows, channels: channels, levelsPerUnit: buffers[2],
          zero: buffers[3], minimum: -8, maximum: 7, y: buffers[1])
        return []
      }
    }
  }

  @Test func dotsAreClose() {
    var random = RandomStream(seed: 3, "dots")
    let levels: [Float] = [1, 3, 7, 20, 64]
    let low: [Float] = [-2, -4, -8, -32, -128]
    let high: [Float] = [1, 3, 7, 31, 127]
    let zero: [Float] = [0, 1, -3, 0, 5]
    for count in counts {
      let x = random.varied(count)
      let g = random.varied(count)
      for candidates in [1, 3, 5] {
        let found = InstructionSet.available.map { set in
          var dots = [Double](repeating: 1, count: candidates)
          Kernels(set).fakeQuantizeDots(
            x: x, gradient: g, count: count, candidates: candidates, levelsPerUnit: levels,
            zero: zero, minimum: low, maximum: high, dots: &dots)
          return dots
        }
        // Blocks of 1024 in float over at least 8 lanes: 128 roundings of 2^-24 of sums of |g y|,
        // |y| < 8.
        let bound = 128 * 0x1p-24 * 8 * g.reduce(1) { $0 + Double(abs($1)) }
        for dots in found {
          #expect(zip(dots, found[0]).allSatisfy { abs($0 - $1) <= bound }, "count \(count)")
        }
      }
    }
  }

  @Test func learnedStepHasTheSameGradient() {
    var random = RandomStream(seed: 4, "learned step")
    for count in counts {
      let x = random.varied(count)
      let g = random.varied(count)
      let results = InstructionSet.available.map { set in
        Outcome([x, g]) {
          var withX = 1.0
          var alone = 1.0
          let kernels = Kernels(set)
          kernels.learnedStepBackward(
            x: $0[0], gradient: $0[1], count: count, levelsPerUnit: 3.3, minimum: -8, maximum: 7,
            xGradient: nil, stepGradient: &alone)
          kernels.learnedStepBackward(
            x: $0[0], gradient: $0[1], count: count, levelsPerUnit: 3.3, minimum: -8, maximum: 7,
            xGradient: $0[1], stepGradient: &withX)
          #expect(alone == withX)
          return [withX]
        }
      }
      for result in results {
        #expect(result.bits == results[0].bits, "count \(count)")
        // As for the dots; the slopes are at most 8.
        let bound = 128 * 0x1p-24 * 8 * g.reduce(1) { $0 + Double(abs($1)) }
        #expect(abs(result.numbers[0] - results[0].numbers[0]) <= bound, "count \(count)")
      }
    }
  }

  @Test(arguments: InstructionSet.available) func learnedStepFollowsItsRule(set: InstructionSet) {
    var step = 0.0
    // v = 2x: -9 (below), -8 (edge), 0.5 (inside, rounds to 0), 7 (edge), 9 (above).
    let outcome = Outcome([[-4.5, -4, 0.25, 3.5, 4.5], [1, 10, 100, 1000, 10000]]) {
      Kernels(set).learnedStepBackward(
        x: $0[0], gradient: $0[1], count: 5, levelsPerUnit: 2, minimum: -8, maximum: 7,
        xGradient: $0[1], stepGradient: &step)
      return []
    }
    #expect(outcome.buffers[1] == [0, 10, 100, 1000, 0])
    #expect(step == -8 + 0 - 50 + 0 + 70000)
  }

  @Test func clippedBackwardHasTheSameBits() {
    var random = RandomStream(seed: 5, "clipped")
    for count in counts {
      let x = random.varied(count)
      expectSameBits([x, random.varied(count)], "count \(count)") { kernels, buffers in
        kernels.clippedBackward(
          x: buffers[0], gradient: buffers[1], count: count, low: -1, high: 1.5,
          xGradient: buffers[1])
        return []
      }
    }
  }
}
