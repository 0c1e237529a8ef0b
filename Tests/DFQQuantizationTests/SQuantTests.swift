import DFQTestSupport
import DynaDFQ
import Testing

/// Flip rounding: cases worked by hand, and what must hold for every layer.
@Suite struct SQuantTests {
  /// A student whose one convolution has the given kernels on the grid of all integers -4...3.
  private func student(kernels: [[Float]], bits: Int = 3) throws -> QuantizedNetwork {
    let (taps, inputs) = (kernels[0].count, kernels.count)
    var b = GraphBuilder(input: [1, taps, inputs])
    let x = try b.add(
      "conv",
      .convolution(.init(outputChannels: 1, kernel: Size2D(height: 1, width: taps))), b.input)
    try b.add("fc", .linear(outputs: 2, bias: true), try b.add("mean", .globalAveragePool, x))
    var network = Network.random(b.build())
    let weights = (0..<taps).flatMap { tap in kernels.map { $0[tap] } }
    try network.parameters.set(
      "conv.weight", to: Tensor(shape: [1, taps, inputs, 1], elements: weights))
    var quantizer = Quantizer.family(weightBits: bits, activationBits: [8])
    quantizer.rounding = .squant
    return try QuantizedNetwork(network: network, quantizer: quantizer, selector: nil, seed: 0)
  }

  /// The codes, kernel by kernel.
  private func codes(_ student: QuantizedNetwork) throws -> [[Int32]] {
    let found = try student.integerWeights(of: "conv")
    let (taps, inputs) = (found.shape[1], found.shape[2])
    return (0..<inputs).map { input in (0..<taps).map { found.codes[$0 * inputs + input] } }
  }

  /// The errors add up to -1.7: the first two of the largest go up.
  @Test func flipsInAKernel() throws {
    let found = try codes(student(kernels: [[-4, 3, 0.4, 0.4, 0.4, 0.2, 0.3, 0, 0]]))
    #expect(found == [[-4, 3, 1, 1, 0, 0, 0, 0, 0]])
  }

  /// No kernel's errors exceed a half; the channel's are -1.15, so the largest of all goes up.
  @Test func flipsInAChannel() throws {
    let found = try codes(
      student(kernels: [[-4, 3, 0.4], [0.3, 0, 0], [0, 0.45, 0], [0, 0, 0]]))
    #expect(found == [[-4, 3, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0]])
  }

  /// A kernel's last flip is taken back where the channel asks for it.
  ///
  /// The second kernel's -0.7 flips 0.4, past zero to +0.3; with two kernels of +0.4 the channel has
  /// +1.1, and the error of 0.6 that the flip has left is the largest that goes down.
  @Test func flipsBack() throws {
    let found = try codes(
      student(kernels: [[-4, 3, 0], [0.3, 0.4, 0], [-0.4, 0, 0], [0, -0.4, 0]]))
    #expect(found == [[-4, 3, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
  }

  /// Kernels of one tap have no step of their own; all weights are the channel's.
  @Test func linear() throws {
    let found = try codes(student(kernels: [[-4], [3], [0.4], [0.3], [0.45], [0.35]]))
    // The errors add up to -1.5 but for rounding: one or two flips, the largest first.
    #expect(found[4] == [1] && found[3] == [0] && found[5] == [0])
  }

  /// Weights outside of the grid keep their codes and count for nothing: without them -0.6 is left.
  @Test func saturatedCodesStay() throws {
    var student = try student(kernels: [[-8, 6, 0.4], [0.2, 0, -7.6]])
    student.weightShrink[0] = [0.5]
    #expect(try codes(student) == [[-4, 3, 1], [0, 0, -4]])
  }

  private static func network() throws -> Network {
    var b = GraphBuilder(input: [6, 6, 4])
    var x = try b.add(
      "conv", .convolution(.init(outputChannels: 5, kernel: 3, padding: 1)), b.input)
    x = try b.add("depthwise", .convolution(.init(outputChannels: 5, kernel: 3, groups: 5)), x)
    try b.add("fc", .linear(outputs: 7, bias: true), try b.add("mean", .globalAveragePool, x))
    return Network.random(b.build(), seed: 8)
  }

  @Test(arguments: [2, 3, 4, 8], [false, true])
  func sumsOfErrors(bits: Int, learned: Bool) throws {
    var quantizer =
      learned
      ? Quantizer(weightBits: bits, activationBits: [8])
      : .family(weightBits: bits, activationBits: [8])
    quantizer.rounding = .squant
    var student = try QuantizedNetwork(
      network: SQuantTests.network(), quantizer: quantizer, selector: nil, seed: 0)
    try student.calibrate(
      batches: [Tensor(shape: [1, 6, 6, 4], repeating: 0.5)], context: .init(threads: 1))
    for layer in ["conv", "depthwise", "fc"] {
      let found = try student.integerWeights(of: layer)
      let weights = student.network.parameters["\(layer).weight"]!
      let outputs = weights.shape.dimensions.last!
      let inputs = weights.shape[weights.shape.rank - 2]
      for output in 0..<outputs {
        var (sums, all) = ([Double](repeating: 0, count: inputs), 0.0)
        let (scale, zero) = (found.scales[output], Float(found.zeroPoints[output]))
        let half = Float(1 << (bits - 1))
        for index in stride(from: output, to: weights.shape.count, by: outputs) {
          let v = weights[index] / scale + zero
          let error = Float(found.codes[index]) - v
          guard v > -half, v < half - 1 else { continue }
          #expect(abs(error) < 1.001)
          sums[index / outputs % inputs] += Double(error)
          all += Double(error)
        }
        #expect(abs(all) < 0.51)
        // One flip of the channel may follow those of the kernel.
        if weights.shape.rank == 4 { #expect(sums.allSatisfy { abs($0) < 1.01 }) }
      }
    }
  }

  /// What a student computes with are the values of its codes, also behind a file.
  @Test func valuesAndFile() throws {
    var quantizer = Quantizer.family(weightBits: 4, activationBits: [8])
    quantizer.rounding = .squant
    let student = try QuantizedNetwork(
      network: SQuantTests.network(), quantizer: quantizer, selector: nil, seed: 0)
    let executor = StudentExecutor(student, context: .init(threads: 1))
    let values = executor.effectiveWeights(student).values
    let entry = student.network.parameters.layout.entry(named: "conv.weight")!
    let codes = try student.integerWeights(of: "conv")
    #expect(largestDifference(Array(values[entry.range]), codes.dequantized.elements) < 1e-6)
    let read = try QuantizedNetwork(student.file(), path: "student")
    #expect(read.quantizer == quantizer)
    #expect(try read.integerWeights(of: "conv").codes == codes.codes)
    // It differs from rounding to nearest, or the test says nothing.
    quantizer.rounding = .nearest
    let nearest = try QuantizedNetwork(
      network: SQuantTests.network(), quantizer: quantizer, selector: nil, seed: 0)
    #expect(try nearest.integerWeights(of: "conv").codes != codes.codes)
  }

  /// Learned steps: g (code - v) inside, the clipped code outside, by LSQ's scale.
  @Test func gradients() throws {
    var quantizer = Quantizer(weightBits: 3, activationBits: [8])
    quantizer.rounding = .squant
    let context = ExecutionContext(threads: 1)
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([4, 6, 6, 4])
    var student = try QuantizedNetwork(
      network: SQuantTests.network(), quantizer: quantizer, selector: nil, seed: 0)
    try student.calibrate(batches: [images], context: context)
    student.weightSteps = student.weightSteps.map { $0.map { $0 / 2 } }
    let request = PassRequest(
      imageObjectives: [
        SquaredDistance(target: stream.tensor([4, 7]), node: student.network.graph.output)
      ], parameterGradient: true)
    let executor = StudentExecutor(student, context: context)
    let found = try executor.run(student, images: images, request: request)
    let given = try Executor(plan: Plan(student.network.graph), context: context).run(
      images: images, parameters: executor.effectiveWeights(student).values, request: request
    ).parameterGradient
    let entry = student.network.parameters.layout.entry(named: "conv.weight")!
    let codes = try student.integerWeights(of: "conv").codes
    var (sums, clipped) = ([Double](repeating: 0, count: 5), 0)
    for (offset, position) in entry.range.enumerated() {
      let step = student.weightSteps[0][offset % 5]
      let v = student.network.parameters.values[position] / step
      if v < -4 || v > 3 {
        clipped += 1
        #expect(found.parameterGradient[position] == 0)
        sums[offset % 5] += Double(given[position]) * Double(v < -4 ? -4 : 3)
      } else {
        #expect(found.parameterGradient[position] == given[position])
        sums[offset % 5] += Double(given[position]) * Double(Float(codes[offset]) - v)
      }
    }
    let expected = sums.indices.map {
      Float(sums[$0] * Double(student.weightSteps[0][$0]) / (36.0 * 3).squareRoot())
    }
    #expect(clipped > 0)
    #expect(relativeDistance(found.weightStepGradient[0], expected) < 1e-4)
  }
}
