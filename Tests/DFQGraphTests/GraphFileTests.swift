import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Graphs as text, and networks outside the zoo in files.
@Suite struct GraphFileTests {
  /// A graph with every layer of the package.
  private func everyLayer() throws -> Graph {
    var b = GraphBuilder(input: [8, 8, 3])
    var x = try b.add(
      "conv",
      .convolution(
        .init(
          outputChannels: 6, kernel: Size2D(height: 3, width: 1),
          stride: Size2D(height: 1, width: 2),
          padding: Padding(top: 1, left: 0, bottom: 2, right: 1),
          dilation: Size2D(height: 1, width: 2), groups: 3, bias: true)), b.input)
    x = try b.add("norm", .batchNorm(.init(epsilon: 1e-3, momentum: 0.01, affine: false)), x)
    x = try b.add("leaky", .activation(.leakyReLU(negativeSlope: 0.1)), x)
    let pooled = try b.add("max", .maxPool(.init(kernel: 2, stride: 1)), x)
    let mean = try b.add("mean", .averagePool(.init(kernel: 2, stride: 1)), x)
    x = try b.sum("sum", pooled, mean)
    x = try b.add("pad", .padChannels(stride: 2, before: 1, after: 1), x)
    x = try b.add("up", .upsample(factor: 2), x)
    let flat = try b.add("flat", .flatten, x)
    x = try b.add("back", .reshape(b.shape(x)), flat)
    x = try b.add("tanh", .activation(.tanh), x)
    x = try b.add("relu6", .activation(.relu6), x)
    x = try b.add("prelu", .prelu, x)
    let gate = try b.add("gate", .activation(.hardSigmoid(slope: 0.2, offset: 0.5)), x)
    let scaled = try b.add("product", .product, x, gate)
    x = try b.add("joined", .concatenation, inputs: [x, scaled, gate])
    x = try b.add("layerNorm", .layerNorm(epsilon: 1e-6), x)
    x = try b.add("affine", .channelAffine, x)
    x = try b.add("selection", .channelSelection([2, 0, 0, 5]), x)
    x = try b.add(
      "neighbours", .localResponseNormalization(size: 3, alpha: 0.5, beta: 1, bias: 2), x)
    x = try b.add(
      "around", .padMap(Padding(top: 1, left: 0, bottom: 2, right: 3), value: -1), x)
    x = try b.add(
      "counted", .averagePool(.init(kernel: 2, stride: 1, padding: 1), countsPadding: true), x)
    x = try b.add("clip", .activation(.clip(minimum: -.infinity, maximum: 2)), x)
    x = try b.add("pool", .globalAveragePool, x)
    try b.add("last", .linear(outputs: 5, bias: false), x)
    return b.build()
  }

  @Test func everyLayerRoundTrips() throws {
    let graph = try everyLayer()
    let text = try graph.json()
    let read = try Graph(json: text)
    #expect(read == graph)
    #expect(read.hashValue == graph.hashValue)
    #expect(try read.json() == text)
    #expect(Graph.layerTypes.allSatisfy { text.contains("\"\($0.kind)\"") })
  }

  @Test func networkOutsideTheZoo() throws {
    let network = Network.random(try everyLayer(), architecture: "of my own")
    try withTemporaryDirectory { directory in
      let path = directory + "/own.safetensors"
      try network.write(to: path)
      let read = try Network(contentsOf: path)
      #expect(read.graph == network.graph)
      #expect(read.parameters == network.parameters)
      #expect(read.preprocessing == network.preprocessing)
      #expect(read.architecture == "of my own")
      let first = try fileBytes(path)
      try read.write(to: path)
      #expect(try fileBytes(path) == first)
    }
  }

  /// A zoo name on another graph doesn't hide the graph.
  @Test func misleadingName() throws {
    let network = Network.random(
      try everyLayer(), architecture: "resnet20-cifar:input=32x32x3,classes=10")
    let read = try Network(network.file(), path: "file")
    #expect(read.graph == network.graph)
  }

  @Test func zooNetworksNeedNoGraph() throws {
    #expect(try Network.tinyResNet().file().metadata["graph"] == nil)
  }

  @Test func layerFromOutside() throws {
    var b = GraphBuilder(input: [4, 4, 3])
    var x = try b.add("scale", ScaleLayer(startingFactor: 1.5), b.input)
    x = try b.add("conv", .convolution(.init(outputChannels: 4, kernel: 3)), x)
    x = try b.add("pool", .globalAveragePool, x)
    let network = try Network(graph: b.build(), preprocessing: .imageNet, seed: 1)
    #expect(network.parameters["scale.factor"]?.elements == [1.5, 1.5, 1.5])
    try withTemporaryDirectory { directory in
      let path = directory + "/own.safetensors"
      try network.write(to: path)
      let read = try Network(contentsOf: path, layers: [ScaleLayer.self])
      #expect(read.graph == network.graph)
      #expect(read.parameters == network.parameters)
      // Without the type the layer isn't known, and the message says so.
      do {
        _ = try Network(contentsOf: path)
        Issue.record("an unknown layer was taken")
      } catch {
        #expect("\(error)".contains("tests.scale") && "\(error)".contains(path))
      }
    }
  }

  /// A student of a network outside the zoo comes back from its file.
  @Test func studentOutsideTheZoo() throws {
    var b = GraphBuilder(input: [8, 8, 3])
    var x = try b.block(
      "stem", .init(outputChannels: 8, kernel: 3, padding: 1), normName: "norm", activation: .relu,
      b.input)
    x = try b.block(
      "wide", .init(outputChannels: 8, kernel: Size2D(height: 1, width: 3)), normName: "norm2",
      activation: .relu, x)
    x = try b.add("pool", .globalAveragePool, x)
    try b.add("fc", .linear(outputs: 4, bias: true), x)
    var student = try QuantizedNetwork(
      network: Network.random(b.build()), quantizer: Quantizer(weightBits: 4, activationBits: [4]),
      selector: nil, seed: 1)
    var stream = RandomStream(seed: 2)
    try student.calibrate(
      batches: [stream.tensor([6, 8, 8, 3])], context: .init(threads: 1))
    try withTemporaryDirectory { directory in
      let path = directory + "/student.safetensors"
      try student.write(to: path)
      let read = try QuantizedNetwork(contentsOf: path)
      #expect(read.network.graph == student.network.graph)
      #expect(read.network.parameters == student.network.parameters)
      // A student isn't a network in floating point.
      #expect(throws: NetworkError.isStudent(file: path)) { try Network(contentsOf: path) }
    }
  }

  private static let valid = """
    {"version":1,"nodes":[{"name":"input","kind":"input","settings":{"shape":[4,4,3]}},
    {"name":"a","kind":"flatten","inputs":[0],"settings":{}}]}
    """

  @Test func smallestText() throws {
    #expect(try Graph(json: GraphFileTests.valid).outputShape == [48])
  }

  @Test(arguments: [
    ("", ""), ("\"version\":1", "\"version\":2"), ("\"version\":1,", ""), ("flatten", "fltten"),
    ("\"inputs\":[0]", "\"inputs\":[1]"), ("\"inputs\":[0]", "\"inputs\":[-1]"),
    ("\"inputs\":[0]", "\"inputs\":[9223372036854775807]"), ("\"inputs\":[0]", "\"inputs\":[]"),
    ("\"inputs\":[0]", "\"inputs\":[0,0]"), ("\"name\":\"a\"", "\"name\":\"input\""),
    ("\"name\":\"a\"", "\"name\":\"\""), ("\"name\":\"input\"", "\"name\":\"images\""),
    ("[4,4,3]", "[4,-4,3]"), ("[4,4,3]", "[4294967296,4294967296,3]"), ("[4,4,3]", "[0,4,3]\u{0}"),
    ("[4,4,3]", "[65536,65536,3]"), ("\"kind\":\"input\"", "\"kind\":\"flatten\""),
    ("{\"name\":\"input\"", "{\"inputs\":[0],\"name\":\"input\""),
    (
      "\"kind\":\"flatten\",\"inputs\":[0],\"settings\":{}",
      "\"kind\":\"linear\",\"inputs\":[0],\"settings\":{\"outputs\":10,\"bias\":true}"
    ),
    (
      "\"kind\":\"flatten\",\"inputs\":[0],\"settings\":{}",
      "\"kind\":\"upsample\",\"inputs\":[0],\"settings\":{\"factor\":1e300}"
    ),
    (
      "\"kind\":\"flatten\",\"inputs\":[0],\"settings\":{}",
      "\"kind\":\"reshape\",\"inputs\":[0],\"settings\":{\"shape\":[9223372036854775807,2,0]}"
    ),
    (
      "\"kind\":\"flatten\",\"inputs\":[0],\"settings\":{}",
      "\"kind\":\"channelSelection\",\"inputs\":[0],\"settings\":{\"indices\":[0,3]}"
    ),
    (
      "\"kind\":\"flatten\",\"inputs\":[0],\"settings\":{}",
      "\"kind\":\"channelSelection\",\"inputs\":[0],\"settings\":{\"indices\":[-1]}"
    ),
    (
      "\"kind\":\"flatten\",\"inputs\":[0],\"settings\":{}",
      "\"kind\":\"channelSelection\",\"inputs\":[0],\"settings\":{\"indices\":[]}"
    ),
    (
      "\"kind\":\"flatten\",\"inputs\":[0],\"settings\":{}",
      "\"kind\":\"channelSelection\",\"inputs\":[0],\"settings\":{\"indices\":[9223372036854775807]}"
    ),
    (
      "\"kind\":\"flatten\",\"inputs\":[0],\"settings\":{}",
      "\"kind\":\"channelSelection\",\"inputs\":[0],\"settings\":{\"indices\":[1.5]}"
    ),
  ])
  func hostileText(piece: String, replacement: String) {
    let text =
      piece.isEmpty
      ? "" : GraphFileTests.valid.replacingOccurrences(of: piece, with: replacement)
    #expect(text != GraphFileTests.valid)
    #expect(throws: NetworkError.self) { try Graph(json: text) }
  }

  /// More nodes or longer text than any network has.
  @Test func tooMuchText() {
    var text = GraphFileTests.valid
    text.removeLast(2)
    for index in 0..<100_001 {
      text += ",{\"name\":\"n\(index)\",\"kind\":\"flatten\",\"inputs\":[1],\"settings\":{}}"
    }
    #expect(throws: NetworkError.self) { try Graph(json: text + "]}") }
    let spaces = String(repeating: " ", count: 17 << 20)
    #expect(throws: NetworkError.self) { try Graph(json: GraphFileTests.valid + spaces) }
  }

  /// A kind of our own that the package has already.
  @Test func kindTwice() {
    struct Impostor: Layer {
      static let kind = "flatten"
      func outputShape(of inputs: [Shape]) throws -> Shape { [1] }
    }
    #expect(throws: NetworkError.self) {
      try Graph(json: GraphFileTests.valid, layers: [Impostor.self])
    }
    #expect(throws: Never.self) { try Graph(json: GraphFileTests.valid, layers: [Flatten.self]) }
  }
}
