import DFQTestSupport
import DynaDFQ
import Testing

/// Transforms that keep the function: equalization, absorption and SPIQ, by hand and on whole networks.
@Suite struct EqualizationTests {
  static let quantizer = Quantizer.family(weightBits: 4, activationBits: [4])
  static let context = ExecutionContext(threads: 1)

  /// Two 1 x 1 convolutions with ReLU between them, or a batch norm and ReLU.
  static func chain(
    first: [Float], second: [Float], bias: [Float], norm: (gamma: [Float], beta: [Float])? = nil
  ) throws -> Network {
    var b = GraphBuilder(input: [1, 1, 1])
    let count = first.count
    var x = try b.add(
      "first", .convolution(.init(outputChannels: count, kernel: 1, bias: norm == nil)), b.input)
    if norm != nil { x = try b.add("norm", .batchNorm(.init(epsilon: 0)), x) }
    x = try b.add("relu", .activation(.relu), x)
    x = try b.add("second", .convolution(.init(outputChannels: 1, kernel: 1, bias: true)), x)
    try b.add("flat", .flatten, x)
    var network = Network.random(b.build())
    func set(_ name: String, _ shape: Shape, _ values: [Float]) throws {
      try network.parameters.set(name, to: Tensor(shape: shape, elements: values))
    }
    try set("first.weight", [1, 1, 1, count], first)
    try set("second.weight", [1, 1, count, 1], second)
    try set("second.bias", [1], [0.5])
    if let norm {
      try set("norm.weight", [count], norm.gamma)
      try set("norm.bias", [count], norm.beta)
      try set("norm.running_mean", [count], .init(repeating: 0, count: count))
      try set("norm.running_var", [count], .init(repeating: 1, count: count))
    } else {
      try set("first.bias", [count], bias)
    }
    return network
  }

  static func logits(_ network: Network, images: Int = 16, seed: UInt64 = 4) throws -> [Float] {
    var stream = RandomStream(seed: seed)
    let inputs = stream.tensor(Shape([images] + network.imageShape.dimensions))
    return try FloatExecutor(network, context: context).logits(ofInputs: inputs).elements
  }

  static func transformed(
    _ network: Network, _ transforms: any DataFreeTransform..., quantizer: Quantizer = quantizer
  ) throws -> Network {
    try network.transformed(by: transforms, for: quantizer, context: context).network
  }

  /// A MobileNet in miniature: expansion, depthwise, projection, one unit with a shortcut.
  static func mobileNet(_ activation: Activation) throws -> Network {
    var b = GraphBuilder(input: [8, 8, 3])
    var x = try b.block(
      "stem", .init(outputChannels: 6, kernel: 3, stride: 2, padding: 1), normName: "stem.bn",
      activation: activation, b.input)
    for (unit, width) in [8, 8].enumerated() {
      let name = "unit\(unit)"
      let channels = try b.shape(x).dimensions.last!
      var y = try b.block(
        "\(name).expand", .init(outputChannels: 12, kernel: 1), normName: "\(name).bn0",
        activation: activation, x)
      y = try b.block(
        "\(name).depthwise", .init(outputChannels: 12, kernel: 3, padding: 1, groups: 12),
        normName: "\(name).bn1", activation: activation, y)
      y = try b.block(
        "\(name).project", .init(outputChannels: width, kernel: 1), normName: "\(name).bn2", y)
      x = channels == width ? try b.sum("\(name).add", y, x) : y
    }
    x = try b.block(
      "head", .init(outputChannels: 10, kernel: 1), normName: "head.bn", activation: activation, x)
    x = try b.add("pool", .globalAveragePool, x)
    try b.add("fc", .linear(outputs: 4, bias: true), x)
    return Network.random(b.build(), seed: 12)
  }

  /// Ranges 2 and 0.5 of channel 0, 0.5 and 8 of channel 1: both become 1, and 2.
  @Test func equalizationByHand() throws {
    let network = try EqualizationTests.chain(first: [2, -0.5], second: [0.5, 8], bias: [1, 1])
    let found = try EqualizationTests.transformed(network, Equalization())
    #expect(found.parameters["first.weight"]!.elements == [1, -2])
    #expect(found.parameters["first.bias"]!.elements == [0.5, 4])
    #expect(found.parameters["second.weight"]!.elements == [1, 2])
    #expect(found.parameters["second.bias"]!.elements == [0.5])
    // The extent of a single weight is 0: nothing to share.
    let extent = try EqualizationTests.transformed(network, Equalization(span: .extent))
    #expect(extent.parameters == network.parameters)
  }

  /// A batch norm's factor is part of the range: gamma 4 makes 2 of 0.5.
  @Test func equalizationFoldsNorms() throws {
    let network = try EqualizationTests.chain(
      first: [0.5], second: [0.5], bias: [], norm: (gamma: [-4], beta: [3]))
    let found = try EqualizationTests.transformed(network, Equalization())
    #expect(found.parameters["first.weight"]!.elements == [-1])
    #expect(found.parameters["second.weight"]!.elements == [1])
    // Mean and deviation of the norm's output are scaled by a half too.
    #expect(found.parameters["norm.weight"]!.elements == [2])
    #expect(found.parameters["norm.bias"]!.elements == [1.5])
    #expect(found.parameters["norm.running_var"]!.elements == [4])
  }

  @Test func depthwiseTriples() throws {
    let network = try EqualizationTests.transformed(
      EqualizationTests.mobileNet(.relu), Equalization())
    func range(_ name: String, byInput: Bool) -> [Float] {
      let weights = network.parameters["\(name).weight"]!
      let outputs = weights.shape[3]
      let count = byInput ? weights.shape[2] : outputs
      var result = [Float](repeating: 0, count: count)
      for index in weights.elements.indices {
        let channel = byInput ? index / outputs % count : index % outputs
        result[channel] = max(result[channel], abs(weights[index]))
      }
      return result
    }
    for (first, second, byInput) in [
      ("unit0.expand", "unit0.depthwise", false), ("unit0.depthwise", "unit0.project", true),
    ] {
      let (made, read) = (range(first, byInput: false), range(second, byInput: byInput))
      #expect(zip(made, read).allSatisfy { abs($0 / $1 - 1) < 1e-4 }, "\(first)")
    }
  }

  /// The function stays, to float error; the errors add up over at most 20 layers.
  @Test(arguments: ["equalization", "spiq", "both", "udfc"])
  func functionStays(name: String) throws {
    let networks = [
      try EqualizationTests.mobileNet(.relu),
      try EqualizationTests.mobileNet(.leakyReLU(negativeSlope: 0.1)),
      try Network.tinyResNet(), try Network.tinyResNet(projection: true),
      try Network.pretrained(.resNet20FashionMNIST),
    ]
    for network in networks {
      let changed =
        switch name {
        case "equalization": try EqualizationTests.transformed(network, Equalization())
        case "spiq": try EqualizationTests.transformed(network, SPIQ(deviations: 4))
        case "both":
          try EqualizationTests.transformed(network, Equalization(), SPIQ(deviations: 4))
        default: try EqualizationTests.transformed(network, UDFC(repairsRounding: false))
        }
      #expect(changed.parameters != network.parameters)
      #expect(changed.graph == network.graph)
      let distance = relativeDistance(
        try EqualizationTests.logits(changed), try EqualizationTests.logits(network))
      #expect(distance < 1e-5, "\(network.architecture): \(distance)")
    }
  }

  /// Filters get the teacher's lengths back, each or all of a layer together, and the function stays.
  @Test(arguments: [true, false])
  func filterLengths(perChannel: Bool) throws {
    let network = try Self.mobileNet(.relu)
    let equalized = try Self.transformed(network, Equalization())
    let restored = try equalized.withFilterLengths(of: network, perChannel: perChannel)
    func lengths(_ network: Network, _ name: String) throws -> [Float] {
      let entry = try #require(network.parameters.layout.entry(named: name))
      let outputs = entry.shape.dimensions.last!
      var squares = [Float](repeating: 0, count: outputs)
      for (place, index) in entry.range.enumerated() {
        squares[place % outputs] +=
          network.parameters.values[index] * network.parameters.values[index]
      }
      return perChannel ? squares : [squares.reduce(0, +)]
    }
    for name in ["stem.weight", "unit0.depthwise.weight", "unit1.project.weight", "head.weight"] {
      let (found, expected) = try (lengths(restored, name), lengths(network, name))
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 * $1 }, "\(name)")
      #expect(try lengths(equalized, name) != expected, "\(name)")
    }
    let (found, expected) = try (Self.logits(restored), Self.logits(network))
    let largest = expected.map(abs).max()!
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
  }

  @Test func reLU6() throws {
    let network = try EqualizationTests.mobileNet(.relu6)
    for transform: any DataFreeTransform in [Equalization(), BiasAbsorption(), SPIQ(), UDFC()] {
      #expect(throws: QuantizationError.self) {
        _ = try network.transformed(by: [transform], for: EqualizationTests.quantizer)
      }
    }
    let changed = try EqualizationTests.transformed(network, ReLU6Replacement(), Equalization())
    var plain = try EqualizationTests.mobileNet(.relu)
    plain.parameters = network.parameters
    let distance = relativeDistance(
      try EqualizationTests.logits(changed), try EqualizationTests.logits(plain))
    #expect(distance < 1e-5)
    let again = try EqualizationTests.transformed(plain, ReLU6Replacement())
    #expect(again.parameters == plain.parameters)
  }

  /// beta 5 at deviation 1 absorbs 2, beta 2 nothing.
  @Test func absorptionByHand() throws {
    let network = try EqualizationTests.chain(
      first: [1, 1], second: [3, 7], bias: [], norm: (gamma: [-1, 1], beta: [5, 2]))
    let found = try EqualizationTests.transformed(network, BiasAbsorption())
    #expect(found.parameters["norm.bias"]!.elements == [3, 2])
    #expect(found.parameters["second.bias"]!.elements == [6.5])
    // Where the value before ReLU is above 2, the network computes the same.
    let inputs = Tensor(shape: [3, 1, 1, 1], elements: [-1, 0.5, 2.5])
    func logits(_ network: Network) throws -> [Float] {
      try FloatExecutor(network, context: EqualizationTests.context).logits(ofInputs: inputs)
        .elements
    }
    #expect(try largestDifference(logits(found), logits(network)) < 1e-5)
  }

  /// Two deviations: relu gives 0...2 and 0...5, so that channel 0 is scaled by 2.5.
  @Test func spiqByHand() throws {
    let network = try EqualizationTests.chain(
      first: [1, 1], second: [5, 7], bias: [], norm: (gamma: [1, 2], beta: [0, 1]))
    let found = try EqualizationTests.transformed(network, SPIQ(deviations: 2))
    #expect(found.parameters["norm.weight"]!.elements == [2.5, 2])
    #expect(found.parameters["norm.bias"]!.elements == [0, 1])
    #expect(found.parameters["second.weight"]!.elements == [2, 7])
    // Nothing is scaled by more than the limit.
    let limited = try EqualizationTests.transformed(network, SPIQ(deviations: 2, limit: 2))
    #expect(limited.parameters["norm.weight"]!.elements == [2, 2])
  }

  @Test func spiqTakesItsDeviationsFromTheQuantizer() {
    func deviations(_ bits: [Int], _ range: RangeRule? = nil) -> Double {
      var quantizer = Quantizer.family(weightBits: 4, activationBits: bits)
      if let range { quantizer.activations.range = range }
      return SPIQ().deviations(for: quantizer)
    }
    #expect(deviations([4]) == 4)
    #expect(deviations([8]) == 6)
    #expect(deviations([3, 4, 5], .batchNormStatistics(deviations: 3)) == 3)
  }

  /// Behind SPIQ all channels of a tensor have the same range, those of sums the largest of all
  /// branches.
  @Test func spiqEqualizesRanges() throws {
    let network = try EqualizationTests.transformed(Network.tinyResNet(), SPIQ(deviations: 3))
    let moments = NormalMoments(network)
    for (position, node) in network.graph.nodes.enumerated()
    where node.name.hasSuffix(".bn1.activation") {
      let reach = moments.reach(position, deviations: 3)
      #expect(reach.max()! / reach.min()! < 1.0001, "\(node.name)")
    }
  }

  @Test func badSettings() throws {
    let network = try Network.tinyResNet()
    let bad: [any DataFreeTransform] = [
      Equalization(rounds: 0), BiasAbsorption(deviations: -1), SPIQ(deviations: 0),
      SPIQ(limit: 0), UDFC(pruning: 1), UDFC(ridge: 0), UDFC(biasWeight: .nan),
    ]
    for transform in bad {
      #expect(throws: QuantizationError.self) {
        _ = try network.transformed(by: [transform], for: EqualizationTests.quantizer)
      }
    }
  }
}
