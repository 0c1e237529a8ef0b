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
        // Blocks of 1024 in float over at least 8 shards: 128 roundings of 2^-24 of sums of |g y|,
        // |y| < 8.
        let bound = 128 * 0x1p-24 * 8 * g.reduce(1) { $0 + Double(abs($1)) }
        for dots in found {
          #expect(zip(dots, found[0]).allSatisfy { abs($0 - $1) <= bound }, "count \(count)")
        }
      }
    }
  }

  /// Grids that fit one table of values, two, or none.
  @Test func fewLevelsHaveTheSameBits() {
    var random = RandomStream(seed: 6, "few levels")
    let values = random.varied(257)
    for (low, high) in [(Float(0), Float(15)), (-8, 7), (0, 7), (-16, 15), (3, 34), (0, 255)] {
      for zero in [Float(0), -3] {
        expectSameBits([values, values], "\(low) to \(high)") { kernels, buffers in
          kernels.fakeQuantize(
            x: buffers[0], count: 257, levelsPerUnit: 7.3, zero: zero, minimum: low,
            maximum: high, y: buffers[1])
          return []
        }
      }
    }
  }

  @Test func learnedStepsHaveTheSameGradient() {
    var random = RandomStream(seed: 4, "learned steps")
    let grids = (levels: [Float(3.3), 7, 1.9], low: [Float(-8), 0, -2], high: [Float(7), 15, 1])
    for count in counts + [1023, 1024, 2049] {
      let x = random.varied(count)
      let g = random.varied(count)
      for candidates in 1...3 {
        let results = InstructionSet.available.map { set in
          Outcome([x, g]) {
            var withX = [Double](repeating: 1, count: candidates)
            var alone = withX
            var dots = withX
            let kernels = Kernels(set)
            let share: [Float] = candidates == 1 ? [1] : [0.5, 0.25, 0.25]
            kernels.learnedStepsBackward(
              x: $0[0], gradient: $0[1], count: count, candidates: candidates,
              levelsPerUnit: grids.levels, minimum: grids.low, maximum: grids.high, share: share,
              xGradient: nil, dots: nil, stepGradient: &alone)
            kernels.learnedStepsBackward(
              x: $0[0], gradient: $0[1], count: count, candidates: candidates,
              levelsPerUnit: grids.levels, minimum: grids.low, maximum: grids.high, share: share,
              xGradient: $0[1], dots: &dots, stepGradient: &withX)
            #expect(alone == withX)
            return withX + dots
          }
        }
        for result in results {
          #expect(result.bits == results[0].bits, "count \(count)")
          // As for the dots; the slopes are at most 8 and the values of the grids at most 4.
          let bound = 128 * 0x1p-24 * 8 * g.reduce(1) { $0 + Double(abs($1)) }
          #expect(
            zip(result.numbers, results[0].numbers).allSatisfy { abs($0 - $1) <= bound },
            "count \(count)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available) func learnedStepsFollowTheirRule(
    set: InstructionSet
  ) {
    var steps = [0.0, 0]
    var dots = [0.0, 0]
    // First grid, v = 2x: -9 (below), -8 (edge), 0.5 (inside, rounds to 0), 7 (edge), 9 (above).
    // Second grid, v = x from -4 to 4: -4.5 below, -4, 0.25, 3.5 (rounds to 4), 4.5 above.
    let outcome = Outcome([[-4.5, -4, 0.25, 3.5, 4.5], [1, 10, 100, 1000, 10000]]) {
      Kernels(set).learnedStepsBackward(
        x: $0[0], gradient: $0[1], count: 5, candidates: 2, levelsPerUnit: [2, 1],
        minimum: [-8, -4], maximum: [7, 4], share: [0.75, 0.25], xGradient: $0[1], dots: &dots,
        stepGradient: &steps)
      return []
    }
    #expect(outcome.buffers[1] == [0, 10, 100, 1000, 0])
    // -8 + 0 - 50 + 0 + 70000, -4 + 0 - 25 + 500 + 40000
    #expect(steps == [69942, 40471])
    // -4 - 40 + 0 + 3500 + 35000, -4 - 40 + 0 + 4000 + 40000
    #expect(dots == [38456, 43956])
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

  /// The same draws on all instruction sets, wherever a part begins; a hash worked by hand.
  @Test func keptElementsHaveTheSameBits() {
    var random = RandomStream(seed: 4, "kept elements")
    let (stream, threshold) = (UInt64(0xABCD_EF01_FFFF_FFF0), UInt32(0x60_0000))
    for count in counts {
      let (x, y) = (random.varied(count), random.varied(count))
      expectSameBits([x, y, y], "count \(count)") { kernels, buffers in
        kernels.keepElements(
          stream: stream, threshold: threshold, first: 7, x: buffers[0], count: count,
          y: buffers[1])
        kernels.clearElements(
          stream: stream, threshold: threshold, first: 7, x: buffers[0], count: count,
          y: buffers[2])
        return []
      }
    }
    func draw(_ element: UInt32) -> UInt32 {
      var hash = element &+ UInt32(truncatingIfNeeded: stream)
      hash = (hash ^ hash >> 16) &* 0x7FEB_352D ^ UInt32(stream >> 32)
      hash = (hash ^ hash >> 15) &* 0x846C_A68B
      return (hash ^ hash >> 16) >> 8
    }
    let kept = (0..<10_000).map { draw($0) < threshold }
    #expect(abs(kept.filter { $0 }.count - 3750) < 150)
    var (values, rest) = ([Float](repeating: 2, count: 100), [Float](repeating: 1, count: 100))
    let ones = rest
    let kernels = Kernels(.best)
    kernels.keepElements(
      stream: stream, threshold: threshold, first: 50, x: ones, count: 100, y: &values)
    kernels.clearElements(
      stream: stream, threshold: threshold, first: 50, x: ones, count: 100, y: &rest)
    #expect(values == kept[50..<150].map { $0 ? 1 : 2 })
    #expect(rest == kept[50..<150].map { $0 ? 0 : 1 })
  }
}
