import DFQTestSupport
import DynaDFQ
import Testing

/// x * sigmoid(slope[c] * x): a layer that only this test knows, with a parameter of its own.
struct Swish: ExecutableLayer {
  static let kind = "swish"

  func outputShape(of inputs: [Shape]) throws -> Shape {
    guard inputs.count == 1 else { throw LayerError(expected: "one input", found: "\(inputs)") }
    return inputs[0]
  }

  func parameters(of inputs: [Shape]) -> [LayerParameter] {
    [LayerParameter("slope", .other, [inputs[0].dimensions.last!], initialValue: 1)]
  }

  func makeStep(inputs: [Shape], output: Shape) throws -> any LayerStep {
    Step(count: output.count, channels: output.dimensions.last!)
  }

  private struct Step: LayerStep {
    let count: Int
    let channels: Int
    var backwardReads: LayerValues { .inputs }

    private func sigmoid(_ x: Float) -> Float { 1 / (1 + Float(exponential(Double(-x)))) }

    func forward(_ values: LayerForward) {
      for index in 0..<count {
        let x = values.inputs[0][index]
        values.output[index] = x * sigmoid(values.parameters[index % channels] * x)
      }
    }

    func backward(_ values: LayerBackward) {
      for index in 0..<count {
        let x = values.inputs[0][index]
        let slope = values.parameters[index % channels]
        let s = sigmoid(slope * x)
        let g = values.outputGradient[index]
        values.inputGradients[0]?[index] += g * (s + slope * x * s * (1 - s))
        values.parameterGradient?[index % channels] += g * x * x * s * (1 - s)
      }
    }
  }
}

/// e^x by its series and squares: the test needs no C library.
private func exponential(_ x: Double) -> Double {
  var (term, sum) = (1.0, 1.0)
  for k in 1...20 {
    term *= x / 64 / Double(k)
    sum += term
  }
  for _ in 0..<6 { sum *= sum }
  return sum
}

/// Three values joined along the channels: more inputs than any step of the engine's own.
struct Join: ExecutableLayer {
  static let kind = "join"

  func outputShape(of inputs: [Shape]) throws -> Shape {
    [inputs[0][0], inputs[0][1], inputs.reduce(0) { $0 + $1[2] }]
  }

  func makeStep(inputs: [Shape], output: Shape) throws -> any LayerStep {
    Step(channels: inputs.map { $0[2] }, output: output)
  }

  private struct Step: LayerStep {
    let channels: [Int]
    let output: Shape
    var backwardReads: LayerValues { [] }

    private func forEach(_ body: (_ place: Int, _ from: Int, _ to: Int) -> Void) {
      for pixel in 0..<output[0] * output[1] {
        var first = 0
        for (place, count) in channels.enumerated() {
          for c in 0..<count { body(place, pixel * count + c, pixel * output[2] + first + c) }
          first += count
        }
      }
    }

    func forward(_ values: LayerForward) {
      forEach { values.output[$2] = values.inputs[$0][$1] }
    }

    func backward(_ values: LayerBackward) {
      forEach { values.inputGradients[$0]?[$1] += values.outputGradient[$2] }
    }
  }
}

/// A description without a step.
struct Unknown: Layer {
  static let kind = "unknown"
  func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }
}

@Suite struct OwnLayerTests {
  private func network() throws -> Network {
    var b = GraphBuilder(input: [5, 4, 3])
    let x = try b.block(
      "a", .init(outputChannels: 6, kernel: 3, padding: 1), normName: "bn", b.input)
    let y = try b.add("swish", Swish(), x)
    let z = try b.add("b", .convolution(.init(outputChannels: 2, kernel: 1)), y)
    let joined = try b.add("join", Join(), y, z, b.input)
    let w = try b.add("last", Swish(), joined)
    try b.add("fc", .linear(outputs: 4, bias: true), try b.add("pool", .globalAveragePool, w))
    return Network.random(b.build())
  }

  /// Forward and backward at images, at the layer's own parameters and at everybody else's.
  @Test(arguments: ExecutionVariant.all, [BatchNormMode.evaluation, .training])
  func gradients(variant: ExecutionVariant, mode: BatchNormMode) throws {
    let network = try network()
    let executor = FloatExecutor(network, context: variant.context)
    var stream = RandomStream(seed: 8)
    let images = stream.tensor([5, 5, 4, 3])
    let objective = SquaredDistance(target: stream.tensor([5, 4]), node: network.graph.output)
    func run(_ images: Tensor, _ parameters: [Float], gradients: Bool) throws -> PassResult {
      try executor.run(
        images, parameters: parameters,
        request: .init(
          mode: mode, imageObjectives: [objective], imageGradient: gradients,
          parameterGradient: gradients))
    }
    let values = network.parameters.values
    let result = try run(images, values, gradients: true)
    func check(_ gradient: [Float], at point: [Float], _ loss: ([Float]) throws -> Double) throws {
      let norm = dot(gradient, gradient).squareRoot()
      #expect(norm > 1e-3)
      let direction = gradient.map { $0 / Float(norm) }
      let found = try directionalDerivative(at: point, along: direction, step: 1e-2, loss)
      // Single-precision losses; the network has no kinks.
      #expect(abs(found / norm - 1) < 5e-3)
    }
    try check(result.imageGradient!.elements, at: images.elements) {
      try run(Tensor(shape: images.shape, elements: $0), values, gradients: false).totalLoss
    }
    for name in ["swish.slope", "last.slope", "a.weight", "b.weight"] {
      let range = try #require(network.parameters.layout.entry(named: name)).range
      var gradient = [Float](repeating: 0, count: values.count)
      gradient.replaceSubrange(range, with: result.parameterGradient[range])
      try check(gradient, at: values) { try run(images, $0, gradients: false).totalLoss }
    }
    // The gradient at the images alone, which keeps fewer values.
    let alone = try executor.run(
      images, request: .init(mode: mode, imageObjectives: [objective], imageGradient: true))
    #expect(alone.imageGradient == result.imageGradient)
  }

  @Test(arguments: [1, 7])
  func threads(batch: Int) throws {
    let network = try network()
    var stream = RandomStream(seed: 9)
    let images = stream.tensor([batch, 5, 4, 3])
    let objective = SquaredDistance(target: stream.tensor([batch, 4]), node: network.graph.output)
    let results = try [1, 2, 3].map { threads in
      let executor = FloatExecutor(network, context: .init(threads: threads))
      let result = try executor.run(
        images,
        request: .init(
          imageObjectives: [objective], imageGradient: true, parameterGradient: true))
      return try executor.logits(ofInputs: images).elements + result.imageGradient!.elements
        + result.parameterGradient
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func withoutAStep() throws {
    var b = GraphBuilder(input: [2, 2, 3])
    try b.add("mystery", Unknown(), b.input)
    let network = Network.random(b.build())
    #expect(
      throws: NetworkError.notExecutable(
        layer: "mystery", reason: "Unknown is no ExecutableLayer")
    ) {
      _ = try FloatExecutor(network).logits(ofInputs: Tensor(shape: [1, 2, 2, 3]))
    }
  }
}
