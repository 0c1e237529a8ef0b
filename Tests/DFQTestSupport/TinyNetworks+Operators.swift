public import DynaDFQ

extension Network {
  /// A network of 8 x 8 x 3 images and 4 classes with the operators of imported networks: a unit with
  /// squeeze-and-excitation, two branches that are joined, a block of ConvNeXt.
  public static func tinyOperators(seed: UInt64 = 3) throws -> Network {
    var b = GraphBuilder(input: [8, 8, 3])
    var x = try b.block(
      "stem", .init(outputChannels: 6, kernel: 3, padding: 1), normName: "stem.norm",
      activation: .silu, b.input)
    var gate = try b.add("squeeze", .globalAveragePool, x)
    gate = try b.add("less", .linear(outputs: 3, bias: true), gate)
    gate = try b.add("less.relu", .activation(.relu), gate)
    gate = try b.add("more", .linear(outputs: 6, bias: true), gate)
    x = try b.add("excite", .product, x, try b.add("gate", .activation(.sigmoid), gate))
    x = try b.block(
      "project", .init(outputChannels: 6, kernel: 1), normName: "project.norm", x)

    var left = try b.add("left", .convolution(.init(outputChannels: 4, kernel: 1, bias: true)), x)
    left = try b.add("left.relu", .activation(.relu), left)
    var right = try b.add(
      "right", .convolution(.init(outputChannels: 4, kernel: 3, padding: 1, bias: true)), x)
    right = try b.add("right.relu", .activation(.relu), right)
    x = try b.add("joined", .concatenation, left, right)
    x = try b.block("merge", .init(outputChannels: 6, kernel: 1), normName: "merge.norm", x)
    x = try b.add("prelu", .prelu, x)

    var y = try b.add(
      "depthwise", .convolution(.init(outputChannels: 6, kernel: 3, padding: 1, groups: 6)), x)
    y = try b.add("norm", .layerNorm(epsilon: 1e-6), y)
    y = try b.add("wide", .convolution(.init(outputChannels: 12, kernel: 1, bias: true)), y)
    y = try b.add("gelu", .activation(.gelu), y)
    y = try b.add("narrow", .convolution(.init(outputChannels: 6, kernel: 1, bias: true)), y)
    x = try b.sum("sum", try b.add("scale", .channelAffine, y), x)

    x = try b.add("around", .padMap(Padding(1)), x)
    x = try b.add(
      "mean", .averagePool(.init(kernel: 3, stride: 2, padding: 1), countsPadding: true), x)
    x = try b.add("pool", .globalAveragePool, x)
    try b.add("fc", .linear(outputs: 4, bias: true), x)
    return random(b.build(), seed: seed)
  }

  /// A network of 8 x 8 x 3 images and 4 classes whose channels are normalized by their neighbours, split, joined and shuffled.
  public static func tinyChannels(seed: UInt64 = 3) throws -> Network {
    var b = GraphBuilder(input: [8, 8, 3])
    var x = try b.block(
      "stem", .init(outputChannels: 6, kernel: 3, padding: 1), normName: "stem.norm",
      activation: .relu, b.input)
    x = try b.add(
      "neighbours", .localResponseNormalization(size: 3, alpha: 1, beta: 0.75, bias: 1), x)
    for unit in 0..<2 {
      let left = try b.add("left\(unit)", .channelSelection([0, 1, 2]), x)
      var right = try b.add("right\(unit)", .channelSelection([3, 4, 5]), x)
      right = try b.block(
        "point\(unit)", .init(outputChannels: 3, kernel: 1), normName: "point\(unit).norm",
        activation: .relu, right)
      right = try b.block(
        "depth\(unit)", .init(outputChannels: 3, kernel: 3, padding: 1, groups: 3),
        normName: "depth\(unit).norm", right)
      x = try b.add("joined\(unit)", .concatenation, left, right)
      x = try b.add("shuffled\(unit)", .channelSelection([0, 3, 1, 4, 2, 5]), x)
    }
    x = try b.add("pool", .globalAveragePool, x)
    try b.add("fc", .linear(outputs: 4, bias: true), x)
    return random(b.build(), seed: seed)
  }
}
