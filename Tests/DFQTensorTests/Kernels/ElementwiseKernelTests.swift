internal import DFQTensor
internal import Testing

@Suite struct ElementwiseKernelTests {
  @Test func axpyHasTheSameBits() {
    var random = RandomStream(seed: 1, "axpy")
    for count in counts {
      expectSameBits([random.varied(count), random.varied(count)], "count \(count)") {
        kernels, buffers in
        kernels.axpy(0.3, x: buffers[0], count: count, y: buffers[1])
        return []
      }
    }
  }

  @Test(arguments: [false, true]) func sgdHasTheSameBits(nesterov: Bool) {
    var random = RandomStream(seed: 2, "sgd")
    for count in counts {
      let buffers = (0..<3).map { _ in random.varied(count) }
      expectSameBits(buffers, "count \(count)") { kernels, buffers in
        kernels.sgd(
          buffers[0], velocity: buffers[1], gradient: buffers[2], count: count, rate: 0.1,
          momentum: 0.9, decay: 1e-4, nesterov: nesterov)
        return []
      }
    }
  }

  @Test func sgdFollowsThePyTorchRule() {
    let outcome = Outcome([[1], [2], [3]]) {
      Kernels(.best).sgd(
        $0[0], velocity: $0[1], gradient: $0[2], count: 1, rate: 0.5, momentum: 0.25, decay: 2,
        nesterov: true)
      return []
    }
    // g' = 3 + 2 * 1 = 5; v = 0.25 * 2 + 5 = 5.5; w = 1 - 0.5 * (5 + 0.25 * 5.5).
    #expect(outcome.buffers[1] == [5.5])
    #expect(outcome.buffers[0] == [1 - 0.5 * (5 + 0.25 * 5.5)])
  }

  @Test func adamHasTheSameBits() {
    var random = RandomStream(seed: 3, "adam")
    for count in counts {
      let buffers = [
        random.varied(count), random.varied(count), random.varied(count).map(abs),
        random.varied(count),
      ]
      expectSameBits(buffers, "count \(count)") { kernels, buffers in
        kernels.adam(
          buffers[0], first: buffers[1], second: buffers[2], gradient: buffers[3], count: count,
          rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, correction1: 0.19,
          correction2: 0.002)
        return []
      }
    }
  }

  @Test func minimumMaximumHasTheSameBits() {
    var random = RandomStream(seed: 4, "extremes")
    for count in counts {
      let values = random.varied(count)
      let context = "count \(count)"
      expectSameBits([values], context) { kernels, buffers in
        let found = kernels.minimumMaximum(x: buffers[0], count: count)
        return [Double(found.0), Double(found.1)]
      }
      let found = Kernels(.best).minimumMaximum(x: values, count: count)
      #expect(found.0 == values.min() ?? .infinity, "\(context)")
      #expect(found.1 == values.max() ?? -.infinity, "\(context)")
    }
  }

  @Test(arguments: InstructionSet.available) func extremesOfNaNAreNaN(set: InstructionSet) {
    for position in [0, 5, 16, 40, 69] {
      var values = [Float](repeating: 1, count: 70)
      values[position] = .nan
      let found = Kernels(set).minimumMaximum(x: values, count: 70)
      #expect(found.0.isNaN && found.1.isNaN, "NaN at \(position)")
    }
  }

  @Test(arguments: InstructionSet.available) func dotIsCloseToDouble(set: InstructionSet) {
    var random = RandomStream(seed: 5, "dot")
    for count in counts {
      let x = random.varied(count)
      let y = random.varied(count)
      let exact = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let magnitude = zip(x, y).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
      // At most 1024 additions in float per block, over at least 8 shards: 128 roundings of 2^-24.
      #expect(abs(Kernels(set).dot(x: x, y: y, count: count) - exact) <= 128 * 0x1p-24 * magnitude)
    }
  }
}
