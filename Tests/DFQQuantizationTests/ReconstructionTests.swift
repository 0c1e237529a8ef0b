import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Transforms that repair: bias correction and UDFC, and the expectations they read.
@Suite struct ReconstructionTests {
  private typealias Moments = ChannelExpectations.Moments

  /// relu of a standard normal value has mean 1 / sqrt(2 pi) and variance 1/2 - 1 / (2 pi).
  @Test func expectationByHand() {
    let found = ChannelExpectations.behind(.relu, Moments(mean: 0, variance: 1))
    #expect(abs(found.mean - 0.398942280401) < 1e-9)
    #expect(abs(found.variance - 0.340845056908) < 1e-9)
    let constant = ChannelExpectations.behind(.relu6, Moments(mean: 7, variance: 0))
    #expect(constant == Moments(mean: 6, variance: 0))
  }

  /// Against sums over the density.
  @Test(arguments: [
    Activation.relu, .relu6, .leakyReLU(negativeSlope: 0.2), .tanh, .sigmoid,
    .hardSigmoid(slope: -0.3, offset: 0.5), .hardSwish, .silu, .gelu, .geluTanh,
    .clip(minimum: -1, maximum: 3), .clip(minimum: 1, maximum: .infinity),
    .clip(minimum: -.infinity, maximum: 2), .clip(minimum: -.infinity, maximum: .infinity),
  ])
  func expectations(activation: Activation) {
    func value(_ x: Double) -> Double {
      ReferenceNetwork.activation(activation, x)
    }
    for (mean, deviation) in [(0.3, 1.0), (-2, 1.5), (5, 2), (4, 0.1)] {
      var (first, second, mass) = (0.0, 0.0, 0.0)
      for step in -80_000...80_000 {
        let z = Double(step) / 10_000
        let weight = exp(-z * z / 2)
        let y = value(mean + deviation * z)
        first += weight * y
        second += weight * y * y
        mass += weight
      }
      first /= mass
      let found = ChannelExpectations.behind(
        activation, Moments(mean: mean, variance: deviation * deviation))
      #expect(abs(found.mean - first) < 1e-5)
      #expect(abs(found.variance - (second / mass - first * first)) < 1e-4)
    }
  }

  /// Expectations pass sums, paddings, pools and layers without a norm.
  @Test func expectationsInAGraph() throws {
    var b = GraphBuilder(input: [2, 2, 1])
    let a = try b.add("a", .batchNorm(.init()), b.input)
    let c = try b.add("c", .batchNorm(.init()), b.input)
    var x = try b.sum("sum", a, c)
    x = try b.add("pad", .padChannels(stride: 1, before: 1, after: 0), x)
    x = try b.add("flat", .flatten, try b.add("pool", .maxPool(.init(kernel: 2, stride: 2)), x))
    try b.add("fc", .linear(outputs: 2, bias: true), x)
    var network = Network.random(b.build())
    for (name, values) in [
      "a.weight": [3], "a.bias": [1], "c.weight": [-4], "c.bias": [2], "fc.weight": [5, 6, 7, 8],
      "fc.bias": [1, 2],
    ] as [String: [Float]] {
      try network.parameters.set(
        name, to: Tensor(shape: name == "fc.weight" ? [2, 2] : [values.count], elements: values))
    }
    let found = ChannelExpectations(network)
    #expect(found[3] == [Moments(mean: 3, variance: 25)])
    #expect(found[6] == [Moments(mean: 0, variance: 0), Moments(mean: 3, variance: 25)])
    #expect(found[7] == [Moments(mean: 22, variance: 1225), Moments(mean: 26, variance: 1600)])
  }

  /// A batch norm of deviation 0 gives constants: the corrected student then is right exactly.
  @Test(arguments: [Rounding.nearest, .squant])
  func biasCorrection(rounding: Rounding) throws {
    var b = GraphBuilder(input: [1, 1, 3])
    var x = try b.add("norm", .batchNorm(.init()), b.input)
    x = try b.add("relu", .activation(.relu), x)
    x = try b.add("flat", .flatten, x)
    try b.add("fc", .linear(outputs: 4, bias: true), x)
    var network = Network.random(b.build(), seed: 3)
    try network.parameters.set("norm.weight", to: Tensor(shape: [3], elements: [0, 0, 0]))
    try network.parameters.set("norm.bias", to: Tensor(shape: [3], elements: [2, -1, 0.7]))
    var quantizer = Quantizer.family(weightBits: 2, activationBits: [8])
    quantizer.rounding = rounding
    quantizer.overrides = [.init("relu", ignored: true)]
    let images = Tensor(shape: [1, 1, 1, 3], elements: [0.1, 0.2, 0.3])
    let context = EqualizationTests.context
    let exact = try FloatExecutor(network, context: context).logits(ofInputs: images).elements
    func error(_ network: Network) throws -> Float {
      let student = try QuantizedNetwork(
        network: network, quantizer: quantizer, selector: nil, seed: 0)
      let executor = StudentExecutor(student, context: context)
      let found = try executor.run(
        student, images: images, request: .init(outputs: [network.graph.output]))
      return largestDifference(found.pass.outputs[0].elements, exact)
    }
    let corrected = try EqualizationTests.transformed(
      network, BiasCorrection(), quantizer: quantizer)
    #expect(try error(network) > 0.01)
    #expect(try error(corrected) < 1e-5)
  }

  /// A layer before a batch norm is corrected by the mean that the norm subtracts.
  @Test func biasCorrectionInANorm() throws {
    let network = try Network.tinyResNet()
    let corrected = try EqualizationTests.transformed(network, BiasCorrection())
    for entry in network.parameters.layout.entries {
      let isChanged = corrected.parameters.tensor(entry) != network.parameters.tensor(entry)
      // The image has mean 0, so the first layer's error has too.
      let expected =
        (entry.role == .runningMean || entry.name == "linear.bias")
        && entry.name != "bn1.running_mean"
      #expect(isChanged == expected, "\(entry.name)")
    }
  }

  /// <q, w> = 3 and <q, q> = 2; a bias of 2 at weight 0.5 adds 2 to both.
  @Test func factorByHand() {
    #expect(UDFC().factor(exact: [1, 2], rounded: [1, 1], bias: 0) == 1.5)
    #expect(UDFC(biasWeight: 0.5).factor(exact: [1, 2], rounded: [1, 1], bias: 2) == 1.25)
    #expect(UDFC().factor(exact: [0.1], rounded: [0], bias: 0) == 1)
  }

  /// Two kept filters e1 and 2 e2, the removed one is e1 + e2: 1 and 1/2, but for the ridge.
  @Test func combinationsByHand() {
    let method = UDFC(biasWeight: 0, ridge: 1e-9)
    let found = method.combinations(
      of: [0, 1], for: [2], filters: [[1, 0], [0, 2], [1, 1]], biases: [0, 0, 0])
    #expect(abs(found[0][0] - 1) < 1e-6 && abs(found[0][1] - 0.5) < 1e-6)
    // A ridge r times the mean squared length 2.5: l1 = 1 / (1 + 2.5 r).
    let shrunk = UDFC(biasWeight: 0, ridge: 0.4).combinations(
      of: [0, 1], for: [2], filters: [[1, 0], [0, 2], [1, 1]], biases: [0, 0, 0])
    #expect(abs(shrunk[0][0] - 0.5) < 1e-9 && abs(shrunk[0][1] - 0.4) < 1e-9)
  }

  /// A channel that is half of another one is removed without any loss.
  @Test func pruningOfACopy() throws {
    let network = try EqualizationTests.chain(
      first: [3, 1.5, -2], second: [0.5, 8, 1], bias: [1, 0.5, 2])
    let method = UDFC(pruning: 0.34, repairsRounding: false, biasWeight: 1, ridge: 1e-9)
    let found = try EqualizationTests.transformed(network, method)
    #expect(found.parameters["first.weight"]!.elements == [3, -2])
    #expect(found.parameters["first.bias"]!.elements == [1, 2])
    let second = found.parameters["second.weight"]!.elements
    #expect(abs(second[0] - 4.5) < 1e-4 && abs(second[1] - 1) < 1e-4)
    let distance = largestDifference(
      try EqualizationTests.logits(found), try EqualizationTests.logits(network))
    #expect(distance < 1e-3)
  }

  /// A constant channel says nothing but its mean, which the next layer's bias takes.
  @Test func pruningOfAConstant() throws {
    let network = try EqualizationTests.chain(
      first: [3, 1], second: [0.5, 8], bias: [], norm: (gamma: [1, 0], beta: [0, 2]))
    for (correctsMeans, isRight) in [(true, true), (false, false)] {
      let method = UDFC(
        pruning: 0.5, repairsRounding: false, biasWeight: 0, correctsMeans: correctsMeans)
      let found = try EqualizationTests.transformed(network, method)
      #expect(found.parameters["first.weight"]!.shape == [1, 1, 1, 1])
      let distance = largestDifference(
        try EqualizationTests.logits(found), try EqualizationTests.logits(network))
      #expect((distance < 1e-4) == isRight, "\(distance)")
    }
  }

  /// Pruned networks are smaller, cost less, and run, are stored and compiled like others.
  @Test func prunedStudents() throws {
    let network = try Network.tinyResNet()
    let pruned = try EqualizationTests.transformed(network, UDFC(pruning: 0.25))
    let names = pruned.graph.nodes.map(\.name)
    #expect(names == network.graph.nodes.map(\.name))
    let shape = pruned.parameters["layer1.0.conv1.weight"]!.shape
    #expect(shape == [3, 3, 16, 12])
    #expect(pruned.parameters["layer1.0.conv2.weight"]!.shape == [3, 3, 12, 16])
    var students = try [network, pruned].map {
      try QuantizedNetwork(
        network: $0, quantizer: EqualizationTests.quantizer, selector: nil, seed: 0)
    }
    let costs = students.map { $0.bitOPs(activationBits: 4) }
    // All six convolutions of the blocks have three quarters of their channels.
    #expect(costs[1] < 0.85 * costs[0] && costs[1] > 0.7 * costs[0])
    var stream = RandomStream(seed: 2)
    let images = stream.tensor([5, 8, 8, 3])
    try students[1].calibrate(batches: [images], context: EqualizationTests.context)
    let read = try QuantizedNetwork(students[1].file(), path: "student")
    #expect(read.network.graph == pruned.graph)
    let student = students[1]
    let executor = StudentExecutor(student, context: EqualizationTests.context)
    let logits = try executor.run(
      student, images: images, request: .init(outputs: [student.network.graph.output]))
    let areFinite = logits.pass.outputs[0].elements.allSatisfy { $0.isFinite }
    #expect(areFinite)
    _ = try IntegerNetwork(student)
  }
}
