import DFQTestSupport
import DynaDFQ

/// Students whose integer programs are compared with them.
struct StudentCase: Sendable, CustomStringConvertible {
  let description: String
  let quantizer: Quantizer
  var selector = BitSelector(.perLayer)
  var graph = Graphs.residual
  /// Whether the rounding is learned block by block.
  var reconstructs = false

  /// How far logits may lie from the student's, relative to them.
  var tolerance: Float = 0

  /// The graphs that students are made of.
  enum Graphs: Sendable {
    /// Blocks whose short cuts pad channels.
    case residual
    /// Blocks whose short cuts are convolutions.
    case projected
    /// Depthwise convolutions, pooling by maximum and by mean, a hidden linear layer.
    case mixed
    /// Squeeze-and-excitation, groups, gaps between taps, joined values and what else imported networks have.
    case operators
  }

  /// The student computes linear layers and depthwise convolutions of codes in floating point.
  private static let rounding: Float = 1e-6
  /// Asymmetric codes of 8 bits with their zero point may need 9.
  ///
  /// Such a layer is computed in floating
  /// point, by other kernels than the student's; a sum next to a tie may then round to the other code.
  private static let weights9Bits: Float = 5e-3

  static let all: [StudentCase] = {
    var perTensor = Quantizer(weightBits: 3, activationBits: [4])
    perTensor.weights.granularity = .perTensor
    let dynamic = Quantizer(weightBits: 4, activationBits: [3, 4, 5])
    var flipped = Quantizer.family(weightBits: 4, activationBits: [4])
    flipped.rounding = .squant
    var floatStem = Quantizer(weightBits: 4, activationBits: [4])
    floatStem.overrides = [.init("conv1", ignored: true)]
    return [
      .init(description: "W4A4", quantizer: Quantizer(weightBits: 4, activationBits: [4])),
      .init(description: "W8A8", quantizer: Quantizer(weightBits: 8, activationBits: [8])),
      .init(description: "one scale", quantizer: perTensor),
      .init(
        description: "asymmetric", quantizer: .family(weightBits: 4, activationBits: [3, 4])),
      .init(description: "SQuant", quantizer: flipped),
      .init(
        description: "adaptive rounding",
        quantizer: .family(weightBits: 4, activationBits: [4]), reconstructs: true),
      .init(
        description: "adaptive rounding, dynamic", quantizer: dynamic, reconstructs: true),
      .init(
        description: "8 bits, asymmetric",
        quantizer: .family(weightBits: 8, activationBits: [8]), tolerance: weights9Bits),
      .init(
        description: "image in codes",
        quantizer: Quantizer(weightBits: 4, activationBits: [4], fullyQuantized: true),
        tolerance: rounding),
      .init(description: "layer in floating point", quantizer: floatStem),
      .init(description: "per layer", quantizer: dynamic),
      .init(
        description: "layer input", quantizer: dynamic,
        selector: BitSelector(LayerInputSelector(distance: 1))),
      .init(
        description: "two layers before", quantizer: dynamic,
        selector: BitSelector(LayerInputSelector())),
      .init(
        description: "layer input, image in codes",
        quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5], fullyQuantized: true),
        selector: BitSelector(LayerInputSelector(features: [.mean, .deviation], positions: 2)),
        graph: .projected, tolerance: rounding),
      .init(
        description: "layer input, asymmetric",
        quantizer: .family(weightBits: 4, activationBits: [3, 4]),
        selector: BitSelector(
          LayerInputSelector(features: [.mean, .deviation], hidden: 3, distance: 1)),
        graph: .mixed, tolerance: rounding),
      .init(
        description: "per image", quantizer: dynamic, selector: BitSelector(.perImage, hidden: 5)),
      .init(
        description: "sensitivities", quantizer: dynamic,
        selector: BitSelector(SensitivitySelector(.perLayer))),
      .init(
        description: "DQNet", quantizer: dynamic, selector: BitSelector(DQNet(hidden: 5, point: 1))),
      .init(
        description: "DQNet, linear", quantizer: dynamic,
        selector: BitSelector(DQNet(positions: 2, hidden: 0, point: 0)), graph: .projected),
      .init(
        description: "AdaBM", quantizer: dynamic,
        selector: BitSelector(AdaBM(complexity: .deviation))),
      .init(
        description: "CADyQ without the image", quantizer: dynamic,
        selector: BitSelector(CADyQ(image: []))),
      .init(
        description: "margin cascade", quantizer: dynamic,
        selector: BitSelector(MarginCascade(levels: [3, 5], shares: [0.4]))),
      .init(
        description: "weights follow",
        quantizer: Quantizer(
          weightBits: 4, activationBits: [3, 4, 5], weightsFollowActivations: true)),
      .init(
        description: "DQT",
        quantizer: Quantizer(
          weightBits: 4, activationBits: [3, 4, 6], weightsFollowActivations: true,
          rounding: .nested), selector: BitSelector(DQNet(hidden: 0, point: 0))),
      .init(description: "projected", quantizer: dynamic, graph: .projected),
      .init(
        description: "projected, image in codes",
        quantizer: Quantizer(weightBits: 3, activationBits: [3, 5], fullyQuantized: true),
        graph: .projected, tolerance: rounding),
      .init(description: "operators", quantizer: dynamic, graph: .operators, tolerance: rounding),
      .init(
        description: "operators, image in codes",
        quantizer: Quantizer(weightBits: 4, activationBits: [4], fullyQuantized: true),
        graph: .operators, tolerance: rounding),
      .init(
        description: "operators, asymmetric",
        quantizer: .family(weightBits: 4, activationBits: [3, 4]), graph: .operators,
        tolerance: rounding),
      .init(
        description: "operators, margin cascade", quantizer: dynamic,
        selector: BitSelector(MarginCascade(levels: [3, 5], shares: [0.4])), graph: .operators,
        tolerance: rounding),
      .init(description: "mixed", quantizer: dynamic, graph: .mixed, tolerance: rounding),
      .init(
        description: "mixed, image in codes",
        quantizer: Quantizer(weightBits: 5, activationBits: [6], fullyQuantized: true),
        graph: .mixed, tolerance: rounding),
    ]
  }()

  private func operators() throws -> Graph {
    var builder = GraphBuilder(input: [12, 12, 3])
    var x = try builder.add(
      "stem", .convolution(Convolution(outputChannels: 8, kernel: 3, padding: 1)), builder.input)
    x = try builder.add("stem.norm", .batchNorm(BatchNorm()), x)
    x = try builder.add("stem.activation", .activation(.hardSwish), x)
    // Squeeze-and-excitation.
    var gate = try builder.add("squeeze", .globalAveragePool, x)
    gate = try builder.add("reduce", .linear(outputs: 4, bias: true), gate)
    gate = try builder.add("reduce.activation", .activation(.silu), gate)
    gate = try builder.add("expand", .linear(outputs: 8, bias: true), gate)
    gate = try builder.add("gate", .activation(.sigmoid), gate)
    x = try builder.add("excite", .product, x, gate)
    // Groups and gaps, side by side.
    var left = try builder.add(
      "groups",
      .convolution(Convolution(outputChannels: 12, kernel: 3, padding: 1, groups: 4)), x)
    left = try builder.add("groups.norm", .batchNorm(BatchNorm()), left)
    left = try builder.add("groups.activation", .prelu, left)
    var right = try builder.add(
      "gaps",
      .convolution(Convolution(outputChannels: 6, kernel: 3, padding: 2, dilation: 2)), x)
    right = try builder.add("gaps.norm", .batchNorm(BatchNorm()), right)
    right = try builder.add(
      "gaps.activation", .activation(.clip(minimum: -1, maximum: 2)), right)
    right = try builder.add("gaps.lrn", .localResponseNormalization(size: 3, alpha: 0.5), right)
    right = try builder.add("gaps.order", .channelSelection([5, 0, 1, 3, 3]), right)
    x = try builder.add("join", .concatenation, inputs: [left, right, x])
    x = try builder.add("channels", .layerNorm(), x)
    x = try builder.add("mix", .convolution(Convolution(outputChannels: 10, kernel: 1)), x)
    x = try builder.add("mix.scale", .channelAffine, x)
    x = try builder.add("mix.activation", .activation(.gelu), x)
    x = try builder.add(
      "mean",
      .averagePool(PoolingWindow(kernel: 3, stride: 2, padding: 1), countsPadding: true), x)
    x = try builder.add(
      "gate2", .activation(.hardSigmoid(slope: 0.3, offset: 0.4)), x)
    x = try builder.add("border", .padMap(Padding(1)), x)
    x = try builder.add("large", .upsample(factor: 2), x)
    x = try builder.add(
      "last", .convolution(Convolution(outputChannels: 6, kernel: 3, stride: 2)), x)
    x = try builder.add("last.activation", .activation(.tanh), x)
    x = try builder.add("pool", .globalAveragePool, x)
    try builder.add("classifier", .linear(outputs: 4, bias: true), x)
    return builder.build()
  }

  private func network() throws -> Network {
    switch graph {
    case .residual:
      return .random(
        try Architecture(
          .cifarResNet(depth: 8, projection: false), imageShape: [12, 12, 3], classCount: 4
        ).graph(), seed: 6)
    case .projected:
      return .random(
        try Architecture(
          .cifarResNet(depth: 8, projection: true), imageShape: [12, 12, 3], classCount: 4
        ).graph(), seed: 7)
    case .operators: return .random(try operators(), seed: 9)
    case .mixed:
      var builder = GraphBuilder(input: [12, 12, 3])
      var x = try builder.add(
        "stem", .convolution(Convolution(outputChannels: 8, kernel: 3, padding: 1)), builder.input)
      x = try builder.add("stem.norm", .batchNorm(BatchNorm()), x)
      x = try builder.add("stem.activation", .activation(.relu6), x)
      x = try builder.add("pool", .maxPool(PoolingWindow(kernel: 2, stride: 2)), x)
      x = try builder.add(
        "depthwise",
        .convolution(Convolution(outputChannels: 8, kernel: 3, padding: 1, groups: 8)), x)
      x = try builder.add("depthwise.norm", .batchNorm(BatchNorm()), x)
      x = try builder.add(
        "depthwise.activation", .activation(.leakyReLU(negativeSlope: 0.1)), x)
      x = try builder.add(
        "expand", .convolution(Convolution(outputChannels: 20, kernel: 1, bias: true)), x)
      x = try builder.add("expand.activation", .activation(.relu), x)
      x = try builder.add("mean", .averagePool(PoolingWindow(kernel: 2, stride: 2)), x)
      x = try builder.add("flatten", .flatten, x)
      x = try builder.add("hidden", .linear(outputs: 12, bias: true), x)
      x = try builder.add("hidden.activation", .activation(.relu), x)
      try builder.add("classifier", .linear(outputs: 4, bias: true), x)
      return .random(builder.build(), seed: 8)
    }
  }

  /// The student, calibrated, with a random selector, and images of its network.
  func student(_ context: ExecutionContext) throws -> (student: QuantizedNetwork, images: Tensor) {
    var stream = RandomStream(seed: 9, "images")
    let images = stream.tensor([13, 12, 12, 3])
    var student = try QuantizedNetwork(
      network: try network(), quantizer: quantizer, selector: selector, seed: 1)
    try student.calibrate(batches: [images], context: context)
    if reconstructs {
      let method = AdaptiveRounding(iterations: 10, imagesPerStep: 8, rate: 0.3)
      for unit in student.reconstructionUnits(method).indices {
        try student.reconstruct(
          unit: unit, by: method, teacher: network(), on: images, seed: 2, context: context)
      }
    }
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = 0.7 * stream.normal()
    }
    if selector.decider is MarginCascade { try student.fitSelector(on: images, context: context) }
    return (student, images)
  }
}
