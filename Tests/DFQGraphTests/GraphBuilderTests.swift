import DFQTestSupport
import DynaDFQ
import Testing

/// What a builder refuses, with the layer's name and without a trap.
@Suite struct GraphBuilderTests {
  private func error(_ build: (inout GraphBuilder) throws -> Void) -> NetworkError? {
    var builder = GraphBuilder(input: [4, 4, 3])
    do {
      try build(&builder)
      return nil
    } catch {
      return error as? NetworkError
    }
  }

  private func isMismatch(_ error: NetworkError?, at layer: String = "x") -> Bool {
    if case .shapeMismatch(layer, _, _) = error { true } else { false }
  }

  @Test func secondInput() {
    #expect(isMismatch(error { try $0.add("x", InputLayer(shape: [4, 4, 3]), $0.input) }))
    #expect(isMismatch(error { try $0.add("x", InputLayer(shape: [4, 4, 3])) }))
  }

  @Test func duplicateNames() {
    let found = error {
      try $0.add("x", .activation(.relu), $0.input)
      try $0.add("x", .activation(.relu), $0.input)
    }
    #expect(found == .duplicateLayer(name: "x"))
    #expect(error { try $0.sum("input", 0, 0) } == .duplicateLayer(name: "input"))
  }

  @Test(arguments: [-1, 1, 7, Int.max, Int.min])
  func inputsOutOfRange(position: Int) {
    #expect(isMismatch(error { try $0.add("x", .activation(.relu), position) }))
    #expect(isMismatch(error { try $0.sum("x", 0, position) }))
  }

  @Test(arguments: [-1, 1, Int.max])
  func shapesOfNoNode(position: Int) throws {
    let builder = GraphBuilder(input: [4, 4, 3])
    #expect(try builder.shape(builder.input) == [4, 4, 3])
    #expect(throws: NetworkError.noSuchNode(position: position, count: 1)) {
      try builder.shape(position)
    }
  }

  @Test func inputCounts() {
    #expect(isMismatch(error { try $0.add("x", .sum, 0) }))
    #expect(isMismatch(error { try $0.add("x", .sum, 0, 0, 0) }))
    #expect(isMismatch(error { try $0.add("x", .activation(.relu), 0, 0) }))
    #expect(isMismatch(error { try $0.add("x", .flatten) }))
  }

  @Test func names() {
    #expect(isMismatch(error { try $0.add("", .flatten, 0) }, at: ""))
    let long = String(repeating: "a", count: 5000)
    #expect(isMismatch(error { try $0.add(long, .flatten, 0) }, at: long))
    for name in ["training", "quantization"] {
      #expect(isMismatch(error { try $0.add(name, .batchNorm(.init()), 0) }, at: name))
    }
  }

  /// The names of two layers' parameters must differ in the file, too.
  @Test func parameterNames() {
    struct Odd: Layer {
      static let kind = "tests.odd"
      func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }
      func parameters(of inputs: [Shape]) -> [LayerParameter] {
        [LayerParameter("b.weight", .other, [1])]
      }
    }
    let found = error {
      try $0.add("a.b", .batchNorm(.init()), 0)
      try $0.add("a", Odd(), 0)
    }
    #expect(isMismatch(found, at: "a"))
  }

  /// Settings whose products overflow.
  @Test(arguments: [
    Convolution(outputChannels: .max, kernel: 1),
    Convolution(outputChannels: 1, kernel: .max),
    Convolution(outputChannels: 1, kernel: 1, stride: .max),
    Convolution(outputChannels: 1, kernel: 1, padding: .max),
    Convolution(outputChannels: 1, kernel: 1, padding: -1),
    Convolution(outputChannels: 1, kernel: 1, padding: 1 << 20),
    Convolution(outputChannels: 1, kernel: 1, groups: 0),
    Convolution(outputChannels: 1 << 30, kernel: 4),
    Convolution(outputChannels: 1, kernel: 2, dilation: .max),
    Convolution(outputChannels: 1, kernel: 2, dilation: 0),
    Convolution(outputChannels: 1, kernel: 2, padding: 1 << 20, dilation: 1 << 20),
    Convolution(outputChannels: 1, kernel: .max, dilation: .max),
  ])
  func hugeConvolutions(_ convolution: Convolution) {
    #expect(isMismatch(error { try $0.add("x", .convolution(convolution), 0) }))
  }

  @Test func hugeLayers() {
    #expect(isMismatch(error { try $0.add("x", .upsample(factor: .max), 0) }))
    #expect(isMismatch(error { try $0.add("x", .upsample(factor: 1 << 20), 0) }))
    #expect(
      isMismatch(error { try $0.add("x", .padChannels(stride: 1, before: .max, after: 1), 0) }))
    #expect(
      isMismatch(
        error {
          let flat = try $0.add("flat", .flatten, 0)
          try $0.add("x", .linear(outputs: .max, bias: true), flat)
        }))
    #expect(
      isMismatch(error { try $0.add("x", .maxPool(.init(kernel: 2, stride: 1, padding: 2)), 0) }))
    #expect(isMismatch(error { try $0.add("x", .batchNorm(.init(epsilon: .nan)), 0) }))
    #expect(
      isMismatch(error { try $0.add("x", .activation(.leakyReLU(negativeSlope: .infinity)), 0) }))
  }

  @Test func hugeInput() {
    var builder = GraphBuilder(input: [1 << 40, 1 << 40, 3])
    #expect(throws: NetworkError.self) { try builder.add("x", .activation(.relu), builder.input) }
  }

  /// Values that are modest one by one and too many together.
  @Test func manyValues() {
    var builder = GraphBuilder(input: [1 << 15, 1 << 15, 1])
    #expect(throws: NetworkError.self) {
      for index in 0..<9 { try builder.add("relu\(index)", .activation(.relu), builder.input) }
    }
  }

  @Test(arguments: [
    Architecture(.resNet(depth: 7)), Architecture(.cifarResNet(depth: .min, projection: false)),
    Architecture(.cifarResNet(depth: .max, projection: true)),
    Architecture(.resNet(depth: 18), imageShape: [224]),
    Architecture(.efficientNetLite0, imageShape: []),
    Architecture(.efficientNetLite0, imageShape: [.max, 1, 1]),
    Architecture(.resNet(depth: 18), classCount: -1),
    Architecture(.resNet(depth: 18), classCount: .max),
    Architecture(.cifarResNet(depth: 20, projection: false), imageShape: [1 << 14, 1 << 14, 3]),
    // The largest images that a name may ask for are too large for this network.
    Architecture(.cifarResNet(depth: 20, projection: false), imageShape: [4096, 4096, 3]),
  ])
  func impossibleArchitectures(_ architecture: Architecture) {
    #expect(throws: NetworkError.self) { try architecture.graph() }
    #expect(throws: NetworkError.self) { try architecture.network(seed: 1) }
  }

  /// Parameters of another graph, values of another length and normalizations of other images are
  /// errors.
  @Test func networkParts() throws {
    let small = try Network.tinyResNet()
    let other = try Network.tinyResNet(projection: true)
    #expect(throws: NetworkError.self) {
      try Network(graph: small.graph, parameters: other.parameters, preprocessing: .imageNet)
    }
    #expect(throws: NetworkError.self) {
      try Network(graph: small.graph, parameters: small.parameters, preprocessing: .fashionMNIST)
    }
    #expect(throws: NetworkError.self) {
      try ParameterSet(layout: small.parameters.layout, values: [1, 2])
    }
    var changed = small
    #expect(throws: NetworkError.self) { try changed.setParameters(other.parameters) }
    var parameters = small.parameters
    #expect(throws: NetworkError.self) {
      try parameters.set("conv1.weight", to: Tensor(shape: [1]))
    }
    #expect(throws: NetworkError.self) {
      try parameters.set("conv9.weight", to: Tensor(shape: [1]))
    }
    try parameters.set("linear.bias", to: Tensor(shape: [4], elements: [1, 2, 3, .nan]))
    try changed.setParameters(parameters)
    #expect(changed.parameters["linear.bias"]?[1] == 2)
    #expect(throws: NetworkError.notFinite(layer: "linear", parameter: "linear.bias")) {
      try changed.checkFinite()
    }
  }

  @Test(arguments: [
    ([Float](), [Float]()), ([0.5], [0.5, 0.5]), ([.nan], [1]), ([0.5], [0]), ([0.5], [-1]),
    ([0.5], [.infinity]),
  ])
  func impossibleNormalizations(mean: [Float], deviation: [Float]) {
    #expect(throws: NetworkError.self) {
      try Preprocessing(mean: mean, standardDeviation: deviation)
    }
  }

  @Test func pictureOfAnotherShape() {
    for shape in [[3], [2, 2, 1], [1, 2, 2, 3]] as [Shape] {
      #expect(throws: NetworkError.self) {
        try Preprocessing.imageNet.picture(of: Tensor(shape: shape))
      }
    }
  }

  @Test func errorsAreLocalized() {
    let error: any Error = NetworkError.noSuchLayer(name: "conv\u{1b}[31m9")
    #expect(error.localizedDescription == "\(error)")
    #expect(!"\(error)".contains("\u{1b}"))
  }
}
