import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// How gradients pass rounded weights: learned steps by hand, identity, clipped, and several
/// widths of one weight.
@Suite struct WeightGradientTests {
  /// A convolution and a linear layer, nothing quantized but their weights.
  private func network() throws -> Network {
    var b = GraphBuilder(input: [4, 4, 2])
    let x = try b.add("conv", .convolution(.init(outputChannels: 3, kernel: 3)), b.input)
    try b.add("fc", .linear(outputs: 2, bias: true), try b.add("mean", .globalAveragePool, x))
    return Network.random(b.build(), seed: 2)
  }

  /// The student's gradients and those of a float network with the rounded weights.
  private func gradients(
    _ quantizer: Quantizer, _ variant: ExecutionVariant,
    change: (inout QuantizedNetwork) -> Void = { _ in }
  ) throws -> (StudentExecutor.Response, rounded: [Float], QuantizedNetwork) {
    var stream = RandomStream(seed: 3)
    let images = stream.tensor([4, 4, 4, 2])
    var student = try QuantizedNetwork(
      network: network(), quantizer: quantizer, selector: nil, seed: 0)
    try student.calibrate(batches: [images], context: variant.context)
    change(&student)
    let request = PassRequest(
      imageObjectives: [
        SquaredDistance(target: stream.tensor([4, 2]), node: student.network.graph.output)
      ], parameterGradient: true)
    let executor = StudentExecutor(student, context: variant.context)
    let response = try executor.run(student, images: images, request: request)
    let rounded = try Executor(plan: Plan(student.network.graph), context: variant.context)
      .run(
        images: images, parameters: executor.effectiveWeights(student).values, request: request
      ).parameterGradient
    return (response, rounded, student)
  }

  @Test(arguments: [2, 3, 4], ExecutionVariant.all)
  func learnedSteps(bits: Int, variant: ExecutionVariant) throws {
    // Steps half as long as they should be, so that weights are clipped on both sides.
    let (response, rounded, student) = try gradients(
      Quantizer(weightBits: bits, activationBits: [8]), variant
    ) { $0.weightSteps = $0.weightSteps.map { $0.map { $0 / 2 } } }
    let (low, high) = (-Float(1 << (bits - 1)), Float((1 << (bits - 1)) - 1))
    var clipped = 0
    for (index, name) in ["conv.weight", "fc.weight"].enumerated() {
      let entry = student.network.parameters.layout.entry(named: name)!
      let channels = entry.shape.dimensions.last!
      var steps = [Double](repeating: 0, count: channels)
      for (offset, position) in entry.range.enumerated() {
        let channel = offset % channels
        let v = student.network.parameters.values[position] / student.weightSteps[index][channel]
        let g = Double(rounded[position])
        if v < low || v > high {
          clipped += 1
          #expect(response.parameterGradient[position] == 0)
          steps[channel] += g * Double(v < low ? low : high)
        } else {
          #expect(response.parameterGradient[position] == rounded[position])
          steps[channel] += g * Double(v.rounded(.toNearestOrEven) - v)
        }
      }
      let count = Double(entry.range.count / channels)
      let expected = steps.indices.map {
        Float(
          steps[$0] * Double(student.weightSteps[index][$0])
            / (count * Double(high)).squareRoot())
      }
      // v by division here and by multiplication there: a rounding error of v, of magnitude 10.
      #expect(relativeDistance(response.weightStepGradient[index], expected) < 1e-4)
    }
    #expect(clipped > 0)
  }

  @Test(arguments: ExecutionVariant.all)
  func identity(variant: ExecutionVariant) throws {
    let (response, rounded, _) = try gradients(
      .family(weightBits: 3, activationBits: [8]), variant)
    #expect(response.parameterGradient == rounded)
    #expect(response.weightStepGradient.allSatisfy { $0.isEmpty })
  }

  @Test(arguments: ExecutionVariant.all)
  func clipped(variant: ExecutionVariant) throws {
    var quantizer = Quantizer.family(weightBits: 3, activationBits: [8])
    quantizer.backward = .clipped
    quantizer.weights.range = .percentile(0.7)
    let (response, rounded, student) = try gradients(quantizer, variant)
    let entry = student.network.parameters.layout.entry(named: "conv.weight")!
    let integers = try student.integerWeights(of: "conv")
    var (passed, stopped) = (0, 0)
    for (offset, position) in entry.range.enumerated() {
      let channel = offset % 3
      let value = student.network.parameters.values[position] / integers.scales[channel]
      let code = value + Float(integers.zeroPoints[channel])
      // At the edge the rounding of the division decides.
      if abs(code - 3) < 1e-4 || abs(code + 4) < 1e-4 { continue }
      if (-4...3).contains(code) {
        passed += 1
        #expect(response.parameterGradient[position] == rounded[position])
      } else {
        stopped += 1
        #expect(response.parameterGradient[position] == 0)
      }
    }
    #expect(passed > 0 && stopped > 0)
  }

  /// Where weights take their input's bits, a batch of mixed choices has the mean of the gradients
  /// of its images one by one: weights, biases and steps of every width.
  @Test(arguments: [true, false], ExecutionVariant.all)
  func severalWidths(learnsSteps: Bool, variant: ExecutionVariant) throws {
    var b = GraphBuilder(input: [4, 4, 2])
    var x = try b.add("relu", .activation(.relu), b.input)
    x = try b.add("conv", .convolution(.init(outputChannels: 3, kernel: 3, bias: true)), x)
    try b.add("fc", .linear(outputs: 2, bias: true), try b.add("mean", .globalAveragePool, x))
    var quantizer =
      learnsSteps
      ? Quantizer(weightBits: 4, activationBits: [2, 3, 5])
      : Quantizer.family(weightBits: 4, activationBits: [2, 3, 5])
    quantizer.weightsFollowActivations = true
    var stream = RandomStream(seed: 5)
    let images = stream.tensor([6, 4, 4, 2])
    let targets = stream.tensor([6, 2])
    var student = try QuantizedNetwork(
      network: .random(b.build()), quantizer: quantizer, selector: nil, seed: 0)
    try student.calibrate(batches: [images], context: variant.context)
    let executor = StudentExecutor(student, context: variant.context)
    func gradient(_ range: Range<Int>, _ table: [UInt8]) throws -> [Float] {
      let response = try executor.run(
        student, images: images.rows(range),
        request: .init(
          imageObjectives: [SquaredDistance(target: targets.rows(range), node: 5 - 1)],
          parameterGradient: true), policy: .table(table))
      return response.parameterGradient + response.weightStepGradient.flatMap { $0 }
        + response.activationStepGradient.flatMap { $0 }
    }
    let table: [UInt8] = [0, 1, 2, 2, 0, 1]
    let together = try gradient(0..<6, table)
    var sum = [Float](repeating: 0, count: together.count)
    for image in 0..<6 {
      let alone = try gradient(image..<image + 1, [table[image]])
      for index in sum.indices { sum[index] += alone[index] / 6 }
    }
    // The order of additions.
    #expect(relativeDistance(together, sum) < 1e-5)
    let bias = student.network.parameters.layout.entry(named: "conv.bias")!.range
    let biases = Array(together[bias])
    #expect(relativeDistance(biases, Array(sum[bias])) < 1e-5)
    // The mean of the outputs' gradient times the linear layer, worked out for the biases.
    let effective = executor.effectiveWeights(student).values
    let count = student.network.parameters.values.count
    var expected = [Float](repeating: 0, count: 3)
    for image in 0..<6 {
      let run = try executor.run(
        student, images: images.rows(image..<image + 1), request: .init(outputs: [4]),
        policy: .table([table[image]]))
      let fc = student.network.parameters.layout.entry(named: "fc.weight")!.range
      #expect(effective.count == 3 * count)
      for c in 0..<3 {
        for o in 0..<2 {
          let difference = run.pass.outputs[0][o] - targets[image * 2 + o]
          expected[c] += difference * effective[fc.lowerBound + c * 2 + o] / 6
        }
      }
    }
    #expect(relativeDistance(biases, expected) < 1e-5)
  }
}
