import DFQTestSupport
import DynaDFQ
import Testing

/// Data-free transforms and integer programs where layers stand in the way.
@Suite struct OperatorTransformTests {
  /// The layers that stand between two convolutions.
  enum Between: String, CaseIterable, Sendable {
    case silu, clip, prelu, square, joined, norm, affine, around, neighbours

    func add(to b: inout GraphBuilder, _ x: Int) throws -> Int {
      switch self {
      case .silu: try b.add("between", .activation(.silu), x)
      case .clip: try b.add("between", .activation(.clip(minimum: -1, maximum: 2)), x)
      case .prelu: try b.add("between", .prelu, x)
      case .square: try b.add("between", .product, x, x)
      case .joined: try b.add("between", .concatenation, x, x)
      case .norm: try b.add("between", .layerNorm(), x)
      case .affine: try b.add("between", .channelAffine, x)
      case .around: try b.add("between", .padMap(Padding(1)), x)
      case .neighbours: try b.add("between", .localResponseNormalization(size: 3), x)
      }
    }
  }

  private func network(_ between: Between) throws -> Network {
    var b = GraphBuilder(input: [4, 4, 3])
    var x = try b.add(
      "first", .convolution(.init(outputChannels: 4, kernel: 3, bias: true)), b.input)
    x = try between.add(to: &b, x)
    x = try b.add("second", .convolution(.init(outputChannels: 4, kernel: 1, bias: true)), x)
    try b.add("pool", .globalAveragePool, x)
    return .random(b.build(), seed: 4)
  }

  /// No channel is scaled, moved or removed through a layer that the transforms do not know.
  @Test(arguments: Between.allCases)
  func barriers(_ between: Between) throws {
    let network = try network(between)
    for transform: any DataFreeTransform in [
      Equalization(), BiasAbsorption(), SPIQ(deviations: 4),
      UDFC(pruning: 0.5, repairsRounding: false),
    ] {
      let found = try EqualizationTests.transformed(network, transform)
      #expect(found.parameters == network.parameters, "\(transform)")
    }
  }

  /// Channels in another order are scaled with those that they are; layers around them are no pair, whose channels could be removed.
  @Test func chosenChannels() throws {
    var b = GraphBuilder(input: [4, 4, 3])
    var x = try b.block(
      "first", .init(outputChannels: 4, kernel: 3), normName: "norm", activation: .relu, b.input)
    x = try b.add("between", .channelSelection([3, 0, 0]), x)
    x = try b.add("second", .convolution(.init(outputChannels: 4, kernel: 1, bias: true)), x)
    try b.add("pool", .globalAveragePool, x)
    let network = Network.random(b.build(), seed: 4)
    for transform: any DataFreeTransform in [
      Equalization(), BiasAbsorption(), UDFC(pruning: 0.5, repairsRounding: false),
    ] {
      let found = try EqualizationTests.transformed(network, transform)
      let distance = relativeDistance(
        try EqualizationTests.logits(found), try EqualizationTests.logits(network))
      #expect(found.graph == network.graph && distance < 1e-6, "\(transform): \(distance)")
    }
    let found = try EqualizationTests.transformed(network, SPIQ(deviations: 4))
    #expect(found.parameters != network.parameters)
    let distance = relativeDistance(
      try EqualizationTests.logits(found), try EqualizationTests.logits(network))
    #expect(distance < 1e-6, "\(distance)")
    #expect(try refusal(network) == nil)
  }

  /// In a network that has pairs of layers besides, the function stays.
  @Test func functionStays() throws {
    let network = try Network.tinyOperators()
    let found = try EqualizationTests.transformed(network, Equalization(), SPIQ(deviations: 4))
    #expect(found.parameters != network.parameters)
    let distance = relativeDistance(
      try EqualizationTests.logits(found), try EqualizationTests.logits(network))
    // Single precision over about 20 layers.
    #expect(distance < 1e-5, "\(distance)")
  }

  /// Means and variances by hand; a pixel of four is one of the map, the others are the constant.
  @Test func expectations() throws {
    var b = GraphBuilder(input: [1, 1, 1])
    let x = try b.add("x", .batchNorm(.init()), b.input)
    let y = try b.add("y", .layerNorm(), b.input)
    let product = try b.add("product", .product, x, y)
    let joined = try b.add("joined", .concatenation, x, y)
    let affine = try b.add("affine", .channelAffine, joined)
    let padded = try b.add(
      "padded", .padMap(Padding(top: 1, left: 1, bottom: 0, right: 0), value: 4), x)
    let prelu = try b.add("prelu", .prelu, x)
    let chosen = try b.add("chosen", .channelSelection([1, 0, 1]), joined)
    let neighbours = try b.add(
      "neighbours", .localResponseNormalization(size: 1, alpha: 1, beta: 1, bias: 7), joined)
    var network = Network.random(b.build())
    for (name, values) in [
      "x.weight": [3], "x.bias": [2], "y.weight": [-4], "y.bias": [-1],
      "affine.weight": [2, -1], "affine.bias": [1, 5], "prelu.weight": [1],
    ] as [String: [Float]] {
      try network.parameters.set(name, to: Tensor(shape: [values.count], elements: values))
    }
    typealias Moments = ChannelExpectations.Moments
    let found = ChannelExpectations(network)
    #expect(found[product] == [Moments(mean: -2, variance: 9 * 16 + 9 * 1 + 16 * 4)])
    #expect(found[joined] == [Moments(mean: 2, variance: 9), Moments(mean: -1, variance: 16)])
    #expect(found[affine] == [Moments(mean: 5, variance: 36), Moments(mean: 6, variance: 16)])
    #expect(found[padded] == [Moments(mean: 3.5, variance: 9.0 / 4 + 3.0 / 16 * 4)])
    #expect(found[chosen] == [found[joined][1], found[joined][0], found[joined][1]])
    // 7 + 9 + 4 and 7 + 16 + 1 are divided by.
    let divided = [(0.1, 9.0 / 400), (-1.0 / 24, 16.0 / 576)]
    for (moments, expected) in zip(found[neighbours], divided) {
      #expect(abs(moments.mean - expected.0) < 1e-12)
      #expect(abs(moments.variance - expected.1) < 1e-12)
    }
    // Slope 1: the value itself.
    #expect(abs(found[prelu][0].mean - 2) < 1e-12 && abs(found[prelu][0].variance - 9) < 1e-12)
  }

  /// Integer programs have all of these layers.
  @Test(arguments: Between.allCases)
  func inIntegerNetworks(_ between: Between) throws {
    #expect(try refusal(network(between)) == nil)
  }

  /// Padding with another number than 0 has no operation; the error names the layer.
  @Test func paddingWithNumbers() throws {
    var b = GraphBuilder(input: [4, 4, 3])
    let x = try b.block(
      "conv", .init(outputChannels: 4, kernel: 1), normName: "norm", activation: .relu, b.input)
    let y = try b.add("around", .padMap(Padding(1), value: 2), x)
    try b.add("pool", .globalAveragePool, y)
    #expect(
      try refusal(.random(b.build()))
        == .unsupported(layer: "around", what: "padding with another number than 0"))
  }

  private func refusal(_ network: Network) throws -> RuntimeError? {
    var stream = RandomStream(seed: 2)
    var student = try QuantizedNetwork(
      network: network, quantizer: Quantizer(weightBits: 4, activationBits: [4]))
    try student.calibrate(
      batches: [stream.tensor(Shape([4] + network.imageShape.dimensions))],
      context: EqualizationTests.context)
    do {
      _ = try IntegerNetwork(student, context: EqualizationTests.context)
      return nil
    } catch {
      return error as? RuntimeError
    }
  }
}
