import DFQTestSupport
import DynaDFQ
import Testing

/// Students of networks with the operators of imported networks.
@Suite struct OperatorTests {
  private static let context = ExecutionContext(threads: 1)

  /// The networks that students are made of.
  enum Tiny: String, CaseIterable, Sendable {
    case operators, channels

    func network() throws -> Network {
      switch self {
      case .operators: try .tinyOperators()
      case .channels: try .tinyChannels()
      }
    }
  }

  private func images(_ count: Int = 12) -> Tensor {
    var stream = RandomStream(seed: 7, "images")
    return stream.tensor([count, 8, 8, 3])
  }

  private func student(
    _ network: Network, _ quantizer: Quantizer
  ) throws -> QuantizedNetwork {
    var student = try QuantizedNetwork(
      network: network, quantizer: quantizer, selector: nil, seed: 0)
    try student.calibrate(batches: [images()], context: OperatorTests.context)
    return student
  }

  @Test func placement() throws {
    let graph = try Network.tinyOperators().graph
    let placement = try Quantizer(weightBits: 4, activationBits: [4]).placement(in: graph)
    // The two ReLUs are rounded once, by the concatenation, whose values are never negative either.
    #expect(
      placement.points.map { graph.nodes[$0.node].name } == [
        "stem.norm.activation", "less.relu", "gate", "excite", "joined", "prelu", "norm", "gelu",
      ])
    #expect(
      placement.points.map(\.nonNegative) == [
        false, true, true, false, true, false, false, false,
      ])
    // As everywhere, linear bottlenecks, means and the image stay in floating point.
    #expect(
      placement.layers.map { graph.nodes[$0.node].name } == [
        "stem", "less", "more", "project", "left", "right", "merge", "depthwise", "wide", "narrow",
        "fc",
      ])
    #expect(placement.layers.map(\.inputPoint) == [nil, nil, 1, 3, nil, nil, 4, 5, 6, 7, nil])
    let full = try Quantizer(weightBits: 4, activationBits: [4], fullyQuantized: true)
      .placement(in: graph)
    #expect(full.layers.allSatisfy { $0.inputPoint != nil })
  }

  /// A ReLU that a convolution reads besides a concatenation, and a concatenation that only a batch norm
  /// reads: nothing changes for the ReLU, and the concatenation keeps the codes of its inputs.
  @Test func concatenationsThatAreNotQuantized() throws {
    var b = GraphBuilder(input: [4, 4, 3])
    let x = try b.add("relu", .activation(.relu), b.input)
    let y = try b.add("conv", .convolution(.init(outputChannels: 3, kernel: 1)), x)
    let joined = try b.add("joined", .concatenation, x, y)
    let norm = try b.add("norm", .batchNorm(.init()), joined)
    let last = try b.add("last.relu", .activation(.relu), norm)
    try b.add("last", .convolution(.init(outputChannels: 2, kernel: 1)), last)
    let graph = b.build()
    let placement = try Quantizer(weightBits: 4, activationBits: [4]).placement(in: graph)
    #expect(placement.points.map { graph.nodes[$0.node].name } == ["relu", "last.relu"])
    #expect(placement.layers.map(\.inputPoint) == [0, 1])
  }

  /// What is never negative stays so through means, sums, copies and products.
  @Test func signs() throws {
    var b = GraphBuilder(input: [4, 4, 3])
    let relu = try b.add("relu", .activation(.relu), b.input)
    let mean = try b.add("mean", .averagePool(.init(kernel: 3, stride: 1, padding: 1)), relu)
    let padded = try b.add(
      "padded", .padMap(Padding(1)), try b.add("pool", .maxPool(.init(kernel: 3, stride: 1)), relu))
    let sum = try b.sum("sum", mean, padded)
    let positive = try b.add("positive", .product, sum, try b.add("all", .globalAveragePool, sum))
    let signed = try b.add("signed", .product, positive, b.input)
    let joined = try b.add("joined", .concatenation, positive, mean)
    let last = try b.add("last", .convolution(.init(outputChannels: 3, kernel: 1)), joined)
    try b.sum("end", last, signed)
    let graph = b.build()
    let placement = try Quantizer(weightBits: 4, activationBits: [4]).placement(in: graph)
    #expect(
      placement.points.map { graph.nodes[$0.node].name } == [
        "relu", "positive", "signed", "joined",
      ]
    )
    #expect(placement.points.map(\.nonNegative) == [true, true, false, true])
  }

  /// Chosen channels keep the codes and the sign of what they are chosen from; a quotient has a grid of its own.
  @Test func channels() throws {
    var b = GraphBuilder(input: [4, 4, 4])
    let relu = try b.add("relu", .activation(.relu), b.input)
    let left = try b.add("left", .channelSelection([2, 0]), relu)
    let right = try b.add("right", .channelSelection([1, 3, 3]), relu)
    let norm = try b.add("norm", .localResponseNormalization(size: 3), right)
    let signed = try b.add("signed", .localResponseNormalization(size: 3), b.input)
    let first = try b.add("first", .convolution(.init(outputChannels: 2, kernel: 1)), left)
    let second = try b.add("second", .convolution(.init(outputChannels: 2, kernel: 1)), norm)
    let third = try b.add("third", .convolution(.init(outputChannels: 2, kernel: 1)), signed)
    try b.sum("end", try b.sum("sum", first, second), third)
    let graph = b.build()
    #expect(graph.macs == 16 * (2 * 2 + 3 * 2 + 4 * 2))
    let placement = try Quantizer(weightBits: 4, activationBits: [4]).placement(in: graph)
    #expect(placement.points.map { graph.nodes[$0.node].name } == ["relu", "norm", "signed"])
    #expect(placement.points.map(\.nonNegative) == [true, true, false])
    #expect(placement.layers.map(\.inputPoint) == [0, 1, 2])
  }

  @Test(arguments: Tiny.allCases)
  func hardwareCosts(tiny: Tiny) throws {
    let cost = try student(
      tiny.network(), Quantizer(weightBits: 4, activationBits: [4])
    ).hardwareCost(on: .bitSerial, batch: 4)
    #expect(cost.latency > 0 && cost.latency.isFinite && cost.bitOPsPerImage > 0)
  }

  /// A rule on a layer governs the concatenation that it feeds; pooling by maximum keeps its codes.
  @Test func rulesOfConcatenations() throws {
    var b = GraphBuilder(input: [4, 4, 3])
    let inner = try ["a", "b"].map { name in
      let x = try b.add(name, .convolution(.init(outputChannels: 2, kernel: 1)), b.input)
      return try b.add("\(name).relu", .activation(.relu), x)
    }
    let joined = try b.add("joined", .concatenation, inputs: inner)
    let outer = try b.add("outer", .concatenation, joined, b.input)
    let pool = try b.add("pool", .maxPool(.init(kernel: 2, stride: 2)), outer)
    try b.add("last", .convolution(.init(outputChannels: 2, kernel: 1)), pool)
    let graph = b.build()
    let placement = try Quantizer(
      weightBits: 4, activationBits: [4], overrides: [.init("b", activationBits: [6])]
    ).placement(in: graph)
    #expect(placement.points.map { graph.nodes[$0.node].name } == ["outer"])
    #expect(placement.points[0].bits == [6])
    // The image may be negative.
    #expect(!placement.points[0].nonNegative)
    #expect(placement.layers.map(\.inputPoint) == [nil, nil, 0])
  }

  /// At 8 bits a student is close to its network, and so are its gradients.
  @Test(arguments: ExecutionVariant.all, Tiny.allCases)
  func closeAtEightBits(variant: ExecutionVariant, tiny: Tiny) throws {
    let network = try tiny.network()
    let student = try student(network, Quantizer(weightBits: 8, activationBits: [8]))
    var stream = RandomStream(seed: 5)
    let (images, target) = (images(), stream.tensor([12, 4]))
    let request = PassRequest(
      imageObjectives: [SquaredDistance(target: target, node: network.graph.output)],
      imageGradient: true, parameterGradient: true, outputs: [network.graph.output])
    let found = try StudentExecutor(student, context: variant.context)
      .run(student, images: images, request: request)
    let exact = try FloatExecutor(network, context: variant.context).run(images, request: request)
    // Rounding errors of some 1 / 256 of the range in eight values and eleven layers.
    #expect(
      relativeDistance(found.parameterGradient, exact.parameterGradient) < 0.1)
    let logits = try student.decisions(ofInputs: images, context: variant.context)
      .flatMap(\.logits)
    #expect(relativeDistance(logits, exact.outputs[0].elements) < 0.05)
  }

  /// A written and read student takes the same decisions.
  @Test(arguments: Tiny.allCases)
  func files(tiny: Tiny) throws {
    let network = try tiny.network()
    let student = try student(network, .family(weightBits: 4, activationBits: [4]))
    let read = try withTemporaryDirectory { directory in
      try student.write(to: directory + "/student.safetensors")
      return try QuantizedNetwork(contentsOf: directory + "/student.safetensors")
    }
    #expect(read.network.graph == network.graph)
    #expect(
      try read.decisions(ofInputs: images(), context: OperatorTests.context)
        == student.decisions(ofInputs: images(), context: OperatorTests.context))
  }

  /// Ranges without images, from scales and shifts alone.
  @Test(arguments: Tiny.allCases)
  func rangesWithoutImages(tiny: Tiny) throws {
    var quantizer = Quantizer.family(weightBits: 8, activationBits: [8])
    quantizer.activations.range = .batchNormStatistics(deviations: 4)
    let network = try tiny.network()
    let student = try student(network, quantizer)
    for grids in student.activationGrids {
      #expect(grids.allSatisfy { $0.scale > 0 && $0.scale.isFinite && $0.lowest < $0.highest })
    }
  }

  /// Distributions follow layers by hand.
  @Test func moments() {
    func moments(
      _ layer: some Layer, _ inputs: [ChannelMoments], values: [ParameterLayout.Role: [Float]] = [:]
    ) -> ChannelMoments {
      layer.moments(of: inputs, output: [1]) { values[$0] }
    }
    let x = ChannelMoments(mean: [2], deviation: [3], lowerBound: 0, upperBound: 6)
    let y = ChannelMoments(mean: [-1], deviation: [4], lowerBound: -.infinity, upperBound: 1)
    #expect(
      moments(.product, [x, y])
        == ChannelMoments(
          mean: [-2], deviation: [Double(64 + 9 + 144).squareRoot()], lowerBound: -.infinity,
          upperBound: 6))
    #expect(
      moments(.concatenation, [x, y])
        == ChannelMoments(
          mean: [2, -1], deviation: [3, 4], lowerBound: -.infinity, upperBound: 6))
    #expect(
      moments(.channelAffine, [y], values: [.normScale: [-2], .normShift: [1]])
        == ChannelMoments(mean: [3], deviation: [8], lowerBound: -1))
    #expect(
      moments(.layerNorm(), [x], values: [.normScale: [-2], .normShift: [1]])
        == ChannelMoments(mean: [1], deviation: [2]))
    #expect(moments(.padMap(Padding(1), value: 9), [x]).upperBound == 9)
    let both = moments(.concatenation, [x, y])
    #expect(
      moments(.channelSelection([1, 1, 0]), [both])
        == ChannelMoments(
          mean: [-1, -1, 2], deviation: [4, 4, 3], lowerBound: -.infinity, upperBound: 6))
    // Squares 13 and 17: 1 + 30 and 1 + 17 are divided by.
    #expect(
      moments(.localResponseNormalization(size: 2, alpha: 2, beta: 1, bias: 1), [both])
        == ChannelMoments(
          mean: [2 * (1.0 / 31), -(1.0 / 18)], deviation: [3 * (1.0 / 31), 4 * (1.0 / 18)],
          lowerBound: -.infinity, upperBound: 6))
    #expect(
      moments(.localResponseNormalization(size: 1, alpha: 1, beta: 1, bias: 0.5), [x]).upperBound
        == 12)
    #expect(moments(.activation(.clip(minimum: 3, maximum: 9)), [x]).mean == [3])
    #expect(
      moments(.activation(.hardSigmoid(slope: -0.5, offset: 1.5)), [x])
        == ChannelMoments(mean: [0.5], deviation: [1.5], lowerBound: 0, upperBound: 1))
  }
}
