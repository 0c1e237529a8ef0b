import DFQTestSupport
import DynaDFQ
import Testing

/// The operators of imported networks on numbers small enough to work out by hand.
@Suite struct HandWorkedOperatorTests {
  /// The last value of a graph, the same on every way to execute but for rounding.
  private func output(
    input: Shape, _ image: [Float], parameters: [Float] = [],
    _ build: (inout GraphBuilder) throws -> Void
  ) throws -> [Float] {
    var builder = GraphBuilder(input: input)
    try build(&builder)
    let graph = builder.build()
    func output(_ context: ExecutionContext) throws -> [Float] {
      try Executor(plan: Plan(graph), context: context).run(
        images: Tensor(shape: Shape([1] + input.dimensions), elements: image),
        parameters: parameters, request: .init(outputs: [graph.output])
      ).outputs[0].elements
    }
    let result = try output(.init(threads: 1))
    for variant in ExecutionVariant.all {
      let isSame = try zip(output(variant.context), result).allSatisfy {
        $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= 1e-6 * abs($1)
      }
      #expect(isSame, "\(variant)")
    }
    return result
  }

  private func output(_ activation: Activation, _ x: [Float]) throws -> [Float] {
    try output(input: [x.count], x) { try $0.add("layer", .activation(activation), $0.input) }
  }

  /// Whether values are equal but for a few roundings in single precision.
  private func isNear(_ found: [Float], _ expected: [Float]) -> Bool {
    found.count == expected.count
      && zip(found, expected).allSatisfy { abs($0 - $1) <= 3e-7 * max(1, abs($1)) }
  }

  @Test func activations() throws {
    // ln 3: e^-x is 1/3, the sigmoid 3/4.
    let x: Float = 1.098_612_3
    #expect(isNear(try output(.sigmoid, [-x, 0, x]), [0.25, 0.5, 0.75]))
    #expect(isNear(try output(.silu, [-x, 0, x]), [-0.25 * x, 0, 0.75 * x]))
    #expect(
      isNear(
        try output(.hardSigmoid(slope: 0.2, offset: 0.5), [-3, 0, 1, 3]), [0, 0.5, 0.7, 1]))
    #expect(
      isNear(try output(.hardSwish, [-4, -1, 0, 3, 5]), [0, -1.0 / 3, 0, 3, 5]))
    // Phi(1) = 0.84134475.
    #expect(isNear(try output(.gelu, [-1, 0, 1]), [-0.158_655_25, 0, 0.841_344_75]))
    // tanh(0.7978845608 * 1.044715) = 0.68238398.
    #expect(isNear(try output(.geluTanh, [-1, 0, 1]), [-0.158_808_01, 0, 0.841_191_99]))
    #expect(try output(.clip(minimum: -1, maximum: 2), [-3, -1, 0.5, 7]) == [-1, -1, 0.5, 2])
    #expect(
      try output(.clip(minimum: -.infinity, maximum: 2), [-.infinity, 3]) == [-.infinity, 2])
    #expect(try output(.clip(minimum: 1, maximum: .infinity), [-3, .infinity]) == [1, .infinity])
  }

  /// Far from zero nothing overflows on the way.
  @Test func largeNumbers() throws {
    for activation: Activation in [.silu, .gelu, .geluTanh, .hardSwish] {
      let found = try output(activation, [-1e20, 1e20])
      #expect(found[0] == 0 && found[1] == 1e20, "\(activation)")
    }
    #expect(try output(.sigmoid, [-1e20, 1e20]) == [0, 1])
  }

  @Test(arguments: LayerCase.activations)
  func notANumber(activation: Activation) throws {
    #expect(try output(activation, [.nan])[0].isNaN)
  }

  @Test func prelu() throws {
    let found = try output(
      input: [1, 2, 2], [-2, 3, -4, -8], parameters: [0.5, 0.25]
    ) { try $0.add("layer", .prelu, $0.input) }
    #expect(found == [-1, 3, -2, -2])
    var b = GraphBuilder(input: [1, 2, 2])
    try b.add("layer", .prelu, b.input)
    let network = try Network(graph: b.build(), preprocessing: .unit(channels: 2), seed: 1)
    #expect(network.parameters["layer.weight"]?.elements == [0.25, 0.25])
  }

  @Test func product() throws {
    let image: [Float] = [1, 2, 3, 4]
    #expect(
      try output(input: [1, 2, 2], image) { try $0.add("square", .product, $0.input, $0.input) }
        == [1, 4, 9, 16])
    // The channels' means are 2 and 3.
    #expect(
      try output(input: [1, 2, 2], image) {
        try $0.add("product", .product, 0, try $0.add("mean", .globalAveragePool, 0))
      } == [2, 6, 6, 12])
    #expect(
      try output(input: [1, 2, 2], image) {
        let mean = try $0.add("mean", .globalAveragePool, 0)
        try $0.add("product", .product, 0, try $0.add("map", .reshape([1, 1, 2]), mean))
      } == [2, 6, 6, 12])
  }

  @Test func concatenation() throws {
    #expect(
      try output(input: [1, 2, 1], [3, 4]) {
        let square = try $0.add("square", .product, 0, 0)
        let both = try $0.add("both", .concatenation, 0, square)
        try $0.add("all", .concatenation, both, 0)
      } == [3, 9, 3, 4, 16, 4])
    #expect(
      try output(input: [2], [3, 4]) { try $0.add("both", .concatenation, 0, 0) } == [3, 4, 3, 4])
    #expect(try output(input: [2], [3, 4]) { try $0.add("one", .concatenation, 0) } == [3, 4])
  }

  /// Mean 2 and variance 1 of one pixel, 5 and 0 of the other.
  @Test func layerNorm() throws {
    func found(epsilon: Float, scale: [Float]) throws -> [Float] {
      try output(input: [1, 2, 2], [1, 3, 5, 5], parameters: scale + [10, 20]) {
        try $0.add("layer", .layerNorm(epsilon: epsilon), 0)
      }
    }
    #expect(try found(epsilon: 3, scale: [1, 1]) == [9.5, 20.5, 10, 20])
    #expect(try found(epsilon: 3, scale: [2, 4]) == [9, 22, 10, 20])
    // A large mean costs no digits.
    #expect(
      try output(input: [2], [100_001, 100_003], parameters: [1, 1, 0, 0]) {
        try $0.add("layer", .layerNorm(epsilon: 0), 0)
      } == [-1, 1])
  }

  @Test func channelSelection() throws {
    #expect(
      try output(input: [1, 2, 3], [1, 2, 3, 4, 5, 6]) {
        try $0.add("layer", .channelSelection([2, 0]), 0)
      } == [3, 1, 6, 4])
    #expect(
      try output(input: [2], [3, 4]) { try $0.add("layer", .channelSelection([1, 1, 0]), 0) } == [
        4, 4, 3,
      ])
  }

  /// Gradients at a channel that is taken twice add up; one that is not taken has none.
  @Test func gradientOfChannelSelection() throws {
    var b = GraphBuilder(input: [3])
    try b.add("layer", .channelSelection([1, 1, 0]), b.input)
    let network = try Network(graph: b.build(), preprocessing: .unit(channels: 3), seed: 1)
    let images = Tensor(shape: [1, 3], elements: [1, 2, 3])
    // |y|^2 - 2 y t + |t|^2 with t = 0 has the slope 2 y, as far as its factor.
    let found = try FloatExecutor(network, context: .init(threads: 1)).run(
      images,
      request: PassRequest(
        imageObjectives: [
          SquaredDistance(
            target: Tensor(shape: [1, 3], repeating: 0), node: network.graph.output)
        ],
        imageGradient: true)
    )
    let gradient = try #require(found.imageGradient).elements
    #expect(gradient[0] > 0)
    #expect(gradient[1] == 4 * gradient[0] && gradient[2] == 0)
  }

  /// Three channels, size 2: each window is a channel and the one behind it.
  @Test func localResponseNormalization() throws {
    func found(beta: Float) throws -> [Float] {
      try output(input: [1, 1, 3], [1, 2, 2]) {
        try $0.add(
          "layer", .localResponseNormalization(size: 2, alpha: 2, beta: beta, bias: 4), 0)
      }
    }
    // Squares 5, 8 and 4, so 9, 12 and 8 are divided by.
    #expect(isNear(try found(beta: 1), [1 / 9, 1 / 6, 1 / 4]))
    #expect(isNear(try found(beta: 0), [1, 2, 2]))
    // 9^-0.75, 2 * 12^-0.75 and 2 * 8^-0.75.
    #expect(isNear(try found(beta: 0.75), [0.192_450_09, 0.310_201_62, 0.420_448_21]))
    // Size 3 has one before and one behind.
    #expect(
      isNear(
        try output(input: [4], [1, 2, 3, 4]) {
          try $0.add(
            "layer", .localResponseNormalization(size: 3, alpha: 3, beta: 1, bias: 1), 0)
        }, [1 / 6, 2 / 15, 3 / 30, 4 / 26]))
  }

  @Test func channelAffine() throws {
    #expect(
      try output(input: [1, 2, 2], [1, 2, 3, 4], parameters: [10, -1, 1, 0]) {
        try $0.add("layer", .channelAffine, 0)
      } == [11, -2, 31, -4])
  }

  @Test func padding() throws {
    #expect(
      try output(input: [1, 2, 1], [1, 2]) {
        try $0.add(
          "layer", .padMap(Padding(top: 1, left: 1, bottom: 0, right: 2), value: 9), 0)
      } == [9, 9, 9, 9, 9, 9, 1, 2, 9, 9])
    let image: [Float] = [-1, -2, -3, -4, -5, -6, -7, -8, -9]
    let pool = PoolingWindow(kernel: 2, stride: 2, padding: 1)
    // -1, -2 - 3, -4 - 7 and -5 - 6 - 8 - 9, all over 4.
    #expect(
      try output(input: [3, 3, 1], image) {
        try $0.add("layer", .averagePool(pool, countsPadding: true), 0)
      } == [-0.25, -1.25, -2.75, -7])
  }

  @Test func countsAndRoles() throws {
    var b = GraphBuilder(input: [2, 2, 3])
    var x = try b.add("prelu", .prelu, b.input)
    x = try b.add("norm", .layerNorm(), x)
    x = try b.add("scale", .channelAffine, x)
    x = try b.add("square", .product, x, x)
    try b.add("silu", .activation(.silu), x)
    let graph = b.build()
    #expect(graph.macs == 0)
    #expect(graph.batchNorms == [] && graph.weighted == [])
    let entries = ParameterLayout(graph).entries
    #expect(
      entries.map(\.name) == [
        "prelu.weight", "norm.weight", "norm.bias", "scale.weight", "scale.bias",
      ])
    #expect(entries.allSatisfy { $0.shape == [3] && $0.role.isLearned && $0.role != .weight })
  }
}
