internal import DFQTensor
internal import DFQTestSupport
internal import Testing

/// An activation as the kernels take it.
struct KernelActivation: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var negativeSlope: Float
  var upperBound: Float

  static let all = [
    KernelActivation(testDescription: "none", negativeSlope: 1, upperBound: .infinity),
    KernelActivation(testDescription: "ReLU", negativeSlope: 0, upperBound: .infinity),
    KernelActivation(testDescription: "ReLU6", negativeSlope: 0, upperBound: 6),
    KernelActivation(testDescription: "leaky", negativeSlope: 0.2, upperBound: .infinity),
  ]
}

@Suite struct ActivationKernelTests {
  @Test(arguments: KernelActivation.all, [false, true])
  func forwardHasTheSameBits(activation: KernelActivation, hasResidual: Bool) {
    var random = RandomStream(seed: 1, "activation")
    for channels in channelCounts {
      let pixels = 1 + random.integer(below: 70)
      let count = pixels * channels
      let buffers = [
        random.varied(count), random.varied(channels), random.varied(channels),
        random.varied(count), [Float](repeating: 0, count: count),
      ]
      expectSameBits(buffers, "\(pixels) x \(channels)") { kernels, buffers in
        kernels.affineActivation(
          x: buffers[0], scale: buffers[1], shift: buffers[2],
          residual: hasResidual ? UnsafePointer(buffers[3]) : nil,
          negativeSlope: activation.negativeSlope,
          upperBound: activation.upperBound, pixels: pixels, channels: channels, y: buffers[4])
        return []
      }
    }
  }

  @Test(arguments: KernelActivation.all, InstructionSet.available)
  func forwardFollowsItsRule(activation: KernelActivation, set: InstructionSet) {
    let x: [Float] = [-4, -0.5, 0, 1, 5, 9, .nan]
    let outcome = Outcome([x]) {
      Kernels(set).affineActivation(
        x: $0[0], scale: [2], shift: [1], residual: nil, negativeSlope: activation.negativeSlope,
        upperBound: activation.upperBound, pixels: x.count, channels: 1, y: $0[0])
      return []
    }
    for (x, y) in zip(x, outcome.buffers[0]) {
      let t = 2 * x + 1
      #expect(
        x.isNaN
          ? y.isNaN : y == min(t < 0 ? activation.negativeSlope * t : t, activation.upperBound))
      #expect(y.sign == .plus || y < 0 || x.isNaN, "no negative zero")
    }
  }

  @Test(arguments: KernelActivation.all, [false, true])
  func backwardIsTheSame(activation: KernelActivation, hasResidual: Bool) {
    var random = RandomStream(seed: 2, "activation backward")
    for channels in channelCounts {
      let pixels = 1 + random.integer(below: 150)
      let count = pixels * channels
      let accumulate = random.integer(below: 2) == 0
      let inputs = [
        random.varied(count), random.varied(count), random.varied(channels),
        random.varied(channels), random.varied(count), random.varied(count),
        random.varied(channels), random.varied(channels),
      ]
      let results = InstructionSet.available.map { set in
        Outcome(inputs) {
          Kernels(set).affineActivationBackward(
            gradient: $0[0], x: $0[1], scale: $0[2], shift: $0[3],
            residual: hasResidual ? UnsafePointer($0[4]) : nil,
            negativeSlope: activation.negativeSlope,
            upperBound: activation.upperBound, pixels: pixels, channels: channels, xGradient: $0[0],
            residualGradient: hasResidual ? $0[5] : nil, accumulateResidual: accumulate,
            scaleGradient: $0[6], shiftGradient: $0[7])
          return []
        }
      }
      for result in results {
        let context = "\(pixels) x \(channels)"
        #expect(result.bits[0..<6] == results[0].bits[0..<6], "\(context)")
        // Sums of up to 150 terms in float blocks of 64: below 70 roundings of 2^-24 of sums whose
        // terms are of the size of the largest; 2e-4 leaves room where terms cancel.
        result.expectClose(results[0], tolerance: 2e-4, context)
      }
    }
  }

  @Test(arguments: InstructionSet.available) func kinksHaveNoGradient(set: InstructionSet) {
    let outcome = Outcome([[1, 1, 1, 1], [-1, 0, 3, 6], [0], [0]]) {
      Kernels(set).affineActivationBackward(
        gradient: $0[0], x: $0[1], scale: [1], shift: [0], residual: nil, negativeSlope: 0,
        upperBound: 6,
        pixels: 4, channels: 1, xGradient: $0[0], residualGradient: nil, accumulateResidual: false,
        scaleGradient: $0[2], shiftGradient: $0[3])
      return []
    }
    #expect(outcome.buffers == [[0, 0, 1, 0], [-1, 0, 3, 6], [3], [1]])
  }

  /// A bit for each element stands for the activation's argument, to the same bits of the gradients.
  @Test(arguments: [Float(0), 0.2], [false, true])
  func bitsStandForTheArgument(negativeSlope: Float, hasResidual: Bool) {
    var random = RandomStream(seed: 5, "activation bits")
    for channels in [16, 32, 48, 64, 80] {
      let pixels = 1 + random.integer(below: 70)
      let count = pixels * channels
      let zeros = [Float](repeating: 0, count: count)
      let buffers = [
        random.varied(count), random.varied(count), random.varied(channels),
        random.varied(channels), random.varied(count), zeros, zeros,
      ]
      func run(
        _ kernels: Kernels, _ b: [UnsafeMutablePointer<Float>], readsBits: Bool
      ) -> [Double] {
        let residual = hasResidual ? UnsafePointer(b[4]) : nil
        let bits = GuardedBuffer([UInt8](repeating: 0xAA, count: count / 8), .end)
        kernels.affineActivation(
          x: b[1], scale: b[2], shift: b[3], residual: residual, negativeSlope: negativeSlope,
          upperBound: .infinity,
          pixels: pixels, channels: channels, y: b[5], activationMask: bits.pointer)
        kernels.affineActivationBackward(
          gradient: b[0], x: b[1], scale: b[2], shift: b[3],
          residual: readsBits ? nil : residual,
          activationMask: readsBits ? UnsafePointer(bits.pointer) : nil,
          negativeSlope: negativeSlope, upperBound: .infinity, pixels: pixels, channels: channels,
          xGradient: b[0],
          residualGradient: hasResidual ? b[6] : nil, accumulateResidual: false,
          scaleGradient: nil, shiftGradient: nil)
        return bits.values.map(Double.init)
      }
      expectSameBits(buffers, "\(pixels) x \(channels)") { run($0, $1, readsBits: true) }
      for set in InstructionSet.available {
        let read = Outcome(buffers) { run(Kernels(set), $0, readsBits: true) }
        let found = Outcome(buffers) { run(Kernels(set), $0, readsBits: false) }
        let same = read.bits == found.bits
        #expect(same, "\(set.rawValue): \(pixels) x \(channels)")
      }
    }
  }

  /// One for what is at most zero, zeros of both signs included; none for NaN.
  @Test(arguments: InstructionSet.available) func bitsFollowTheirRule(set: InstructionSet) {
    let x: [Float] = [-1, 0, -0.0, 1, .nan, 2, -3, 4] + [Float](repeating: 5, count: 7) + [-6]
    var bits: [UInt8] = [0, 0]
    var y = x
    Kernels(set).affineActivation(
      x: x, scale: [Float](repeating: 1, count: 16), shift: [Float](repeating: 0, count: 16),
      residual: nil, negativeSlope: 0, upperBound: .infinity, pixels: 1, channels: 16, y: &y,
      activationMask: &bits)
    #expect(bits == [0b0100_0111, 0b1000_0000])
  }

  @Test(arguments: InstructionSet.available) func momentsAreClose(set: InstructionSet) {
    var random = RandomStream(seed: 3, "moments")
    for channels in channelCounts {
      let pixels = 1 + random.integer(below: 300)
      let x = random.varied(pixels * channels)
      var sum = [Double](repeating: 1, count: channels + 1)
      var squareSum = [Double](repeating: 2, count: channels + 1)
      Kernels(set).moments(
        x: x, pixels: pixels, channels: channels, sum: &sum, squareSum: &squareSum)
      for channel in 0..<channels {
        let column = stride(from: channel, to: x.count, by: channels).map { Double(x[$0]) }
        let squares = column.reduce(0) { $0 + $1 * $1 }
        let magnitude = column.reduce(0) { $0 + abs($1) }
        // 64 pixels in float: 64 roundings of 2^-24.
        #expect(abs(sum[channel] - 1 - column.reduce(0, +)) <= 64 * 0x1p-24 * magnitude + 1e-12)
        #expect(abs(squareSum[channel] - 2 - squares) <= 64 * 0x1p-24 * squares + 1e-12)
      }
      #expect(sum[channels] == 1 && squareSum[channels] == 2, "wrote beyond the sums")
    }
  }

  @Test(arguments: [false, true]) func channelAffineHasTheSameBits(accumulate: Bool) {
    var random = RandomStream(seed: 4, "channel affine")
    for channels in channelCounts {
      let pixels = 1 + random.integer(below: 20)
      let buffers = [
        random.varied(pixels * channels), random.varied(channels), random.varied(channels),
        random.varied(pixels * channels),
      ]
      expectSameBits(buffers, "\(pixels) x \(channels)") { kernels, buffers in
        kernels.addChannelAffine(
          x: buffers[0], a: buffers[1], b: buffers[2], pixels: pixels, channels: channels,
          accumulate: accumulate, gradient: buffers[3])
        return []
      }
    }
  }
}
