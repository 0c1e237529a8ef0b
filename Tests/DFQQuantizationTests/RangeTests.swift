import DFQTestSupport
import DynaDFQ
import Testing

/// Ranges found by calibration, and what cannot be calibrated.
@Suite struct RangeTests {
  /// relu of the image, a mean and a linear layer: the activation's values are the images'.
  private func network() throws -> Network {
    var b = GraphBuilder(input: [2, 2, 1])
    let x = try b.add("relu", .activation(.relu), b.input)
    try b.add("fc", .linear(outputs: 3, bias: true), try b.add("mean", .globalAveragePool, x))
    return Network.random(b.build())
  }

  private func grid(_ rule: RangeRule, batches: [[Float]], bits: Int = 2) throws -> Grid {
    var student = try QuantizedNetwork(
      network: network(),
      quantizer: Quantizer(
        weightBits: 4, activationBits: [bits],
        activations: .init(scheme: .asymmetric, granularity: .perTensor, range: rule)),
      selector: nil, seed: 0)
    let batches = batches.map { Tensor(shape: [$0.count / 4, 2, 2, 1], elements: $0) }
    try student.calibrate(batches: batches, context: .init(threads: 1))
    return student.activationGrids[0][0]
  }

  @Test func extremes() throws {
    let found = try grid(.minMax, batches: [[-1, 0.5, 1, 3], [0, 0, 6, 1]])
    #expect(found == Grid(low: 0, high: 6, bits: 2))
  }

  /// 0.5 * 0.5 * 3 + 0.5 * 6 over 1 - 0.25 is 5.
  @Test func movingAverage() throws {
    let found = try grid(.movingAverage(decay: 0.5), batches: [[-1, 0.5, 1, 3], [0, 0, 6, 1]])
    #expect(abs(found.highestValue - 5) < 1e-5)
    for steps in 1...4 {
      let constant = try grid(
        .movingAverage(decay: 0.9), batches: .init(repeating: [0, 1, 2, 3], count: steps))
      #expect(abs(constant.highestValue - 3) < 1e-5, "\(steps) batches")
    }
  }

  @Test func percentile() throws {
    // 5 % of the values lie above 1.
    let values = (0..<400).map { Float($0 < 380 ? Float($0) / 380 : 10) }
    let found = try grid(.percentile(0.95), batches: [values], bits: 8)
    // One of 2048 bins, and one level of 255.
    #expect(abs(found.highestValue - 1) < 0.01)
  }

  @Test func meanSquaredError() throws {
    let values = (0..<400).map { Float($0 < 399 ? Float($0 % 40) / 39 : 3) }
    let tight = try grid(.meanSquaredError, batches: [values], bits: 2)
    let wide = try grid(.meanSquaredError, batches: [values], bits: 8)
    #expect(tight.highestValue < 1.6)
    #expect(wide.highestValue > tight.highestValue)
  }

  /// relu of a batch norm with beta 1 and gamma -2 at three deviations: 0...7.
  @Test func batchNormStatistics() throws {
    var b = GraphBuilder(input: [1, 1, 1])
    var x = try b.add("bn", .batchNorm(.init()), b.input)
    x = try b.add("leaky", .activation(.leakyReLU(negativeSlope: 1)), x)
    x = try b.add("relu", .activation(.relu), x)
    try b.add("fc", .linear(outputs: 2, bias: false), try b.add("flat", .flatten, x))
    var network = Network.random(b.build())
    let entry = network.parameters.layout.entries[0]
    network.parameters.values.replaceSubrange(entry.range.lowerBound..<4, with: [-2, 1, 0, 1])
    var student = try QuantizedNetwork(
      network: network,
      quantizer: Quantizer(
        weightBits: 4, activationBits: [8],
        activations: .init(
          scheme: .asymmetric, granularity: .perTensor, range: .batchNormStatistics(deviations: 3))),
      selector: nil, seed: 0)
    try student.calibrate(
      batches: [Tensor(shape: [1, 1, 1, 1], repeating: 0.1)], context: .init(threads: 1))
    #expect(student.activationGrids[0][0] == Grid(low: -5, high: 7, bits: 8))
    #expect(student.activationGrids[1][0] == Grid(low: 0, high: 7, bits: 8))
  }

  @Test func nothingToCalibrateOn() throws {
    #expect(throws: QuantizationError.noImages(what: "calibration")) {
      _ = try grid(.minMax, batches: [])
    }
  }

  /// One bad image among good ones is enough, wherever it is.
  @Test(arguments: [0, 7, 19], [Float.nan, .infinity])
  func notFinite(place: Int, value: Float) throws {
    var values = [Float](repeating: 1, count: 80)
    values[4 * place] = value
    #expect(throws: QuantizationError.rangeNotFinite(layer: "relu")) {
      _ = try grid(.minMax, batches: [values])
    }
  }

  /// Values that are all the same, or all zero.
  @Test(arguments: [Float(0), 0.7])
  func constants(value: Float) throws {
    for rule in [RangeRule.minMax, .percentile(0.999), .meanSquaredError] {
      let found = try grid(rule, batches: [.init(repeating: value, count: 8)])
      #expect(found.quantize(value).isFinite)
      #expect(abs(found.quantize(value) - value) < 1e-3, "\(rule)")
    }
  }

  /// Learned steps start from the least squared error: a symmetric grid with zero at code 0.
  @Test func learnedStepsStartSymmetric() throws {
    var student = try QuantizedNetwork(
      network: network(), quantizer: Quantizer(weightBits: 3, activationBits: [2, 4]),
      selector: nil, seed: 0)
    var stream = RandomStream(seed: 1)
    try student.calibrate(batches: [stream.tensor([9, 2, 2, 1])], context: .init(threads: 2))
    for grid in student.activationGrids[0] {
      #expect(grid.zero == 0 && grid.lowest == 0)
    }
    #expect(student.activationGrids[0].map(\.highest) == [3, 15])
    #expect(student.weightSteps[0].count == 3 && student.weightSteps[0].allSatisfy { $0 > 0 })
    let steps = student.learnedSteps
    #expect(steps.count == 5)
    let before = student.activationGrids
    student.learnedSteps = steps
    // exp(log(step)) is good to a few rounding errors.
    #expect(abs(student.activationGrids[0][0].scale / before[0][0].scale - 1) < 1e-6)
  }
}
