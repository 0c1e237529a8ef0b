import DFQTestSupport
import DynaDFQ

/// The operators of imported networks, alone and as the blocks of public architectures use them.
extension LayerCase {
  static let activations: [Activation] = [
    .sigmoid, .hardSigmoid(slope: 0.2, offset: 0.5), .hardSwish, .silu, .gelu, .geluTanh,
    .clip(minimum: -0.5, maximum: 1), .clip(minimum: -.infinity, maximum: 0.7),
    .clip(minimum: -0.2, maximum: .infinity),
  ]

  static let operators: [LayerCase] =
    activations.map { single("\($0)", [3, 3, 5], .activation($0)) } + [
      single("prelu", [3, 4, 5], .prelu),
      single("prelu of vectors", [9], .prelu),
      single("layer norm", [3, 4, 5], .layerNorm()),
      single("layer norm of vectors", [19], .layerNorm(epsilon: 0.1)),
      single("channel affine", [3, 4, 5], .channelAffine),
      single("channel affine of vectors", [9], .channelAffine),
      single(
        "zeros around", [3, 4, 2], .padMap(Padding(top: 1, left: 0, bottom: 2, right: 3))),
      single(
        "a constant around", [3, 4, 2],
        .padMap(Padding(top: 0, left: 2, bottom: 1, right: 0), value: -1.5)),
      single(
        "average pool that counts padding", [7, 6, 3],
        .averagePool(.init(kernel: 3, stride: 2, padding: 1), countsPadding: true)),
      single(
        "average pool 2x3 that counts padding", [5, 6, 3],
        .averagePool(
          .init(
            kernel: Size2D(height: 2, width: 3), stride: Size2D(height: 1, width: 2),
            padding: Padding(top: 0, left: 2, bottom: 1, right: 1)), countsPadding: true)),
      single("channels in another order", [3, 4, 5], .channelSelection([4, 0, 2, 1, 3])),
      single("channels several times or never", [3, 4, 5], .channelSelection([4, 0, 0, 2])),
      single("channels of vectors", [9], .channelSelection([8, 3, 3])),
      single(
        "normalization by three neighbours", [3, 4, 7],
        .localResponseNormalization(size: 3, alpha: 2)),
      single(
        "normalization by four neighbours", [3, 4, 7],
        .localResponseNormalization(size: 4, alpha: 3, beta: 0.6, bias: 0.5)),
      single(
        "normalization by more neighbours than there are", [2, 2, 4],
        .localResponseNormalization(size: 9, alpha: 5, beta: 1)),
      single(
        "normalization of vectors", [9], .localResponseNormalization(size: 5, alpha: 1, bias: 2)),
      after("unit of ShuffleNet") { b, x in
        let left = try b.add("left", .channelSelection([0, 1, 2]), x)
        var right = try b.add("right", .channelSelection([3, 4, 5]), x)
        right = try b.add("conv", .convolution(.init(outputChannels: 3, kernel: 1)), right)
        right = try b.add("relu", .activation(.relu), try b.add("bn", .batchNorm(.init()), right))
        let joined = try b.add("joined", .concatenation, left, right)
        try b.add("shuffled", .channelSelection([0, 3, 1, 4, 2, 5]), joined)
      },
      after("two values multiplied") { b, x in
        let y = try b.add("silu", .activation(.silu), x)
        try b.add("product", .product, x, y)
      },
      after("value multiplied with itself") { b, x in try b.add("square", .product, x, x) },
      after("value multiplied with its mean") { b, x in
        try b.add("product", .product, x, try b.add("mean", .globalAveragePool, x))
      },
      LayerCase("images multiplied", [4, 4, 3]) { b in
        let factor = try b.add("mean", .globalAveragePool, b.input)
        let scaled = try b.add("scaled", .product, b.input, factor)
        try b.add("product", .product, scaled, b.input)
      },
      after("squeeze-and-excitation of a map") { b, stem in
        var x = stem
        x = try b.add("silu", .activation(.silu), try b.add("bn", .batchNorm(.init()), x))
        var s = try b.add(
          "mean", .averagePool(.init(kernel: Size2D(height: 4, width: 5), stride: Size2D(1))), x)
        s = try b.add("less", .convolution(.init(outputChannels: 2, kernel: 1, bias: true)), s)
        s = try b.add("relu", .activation(.relu), s)
        s = try b.add("more", .convolution(.init(outputChannels: 6, kernel: 1, bias: true)), s)
        s = try b.add("gate", .activation(.hardSigmoid(slope: 0.2, offset: 0.5)), s)
        x = try b.add("product", .product, x, s)
        try b.add("project", .convolution(.init(outputChannels: 3, kernel: 1)), x)
      },
      after("squeeze-and-excitation of a vector") { b, stem in
        var x = stem
        var s = try b.add("mean", .globalAveragePool, x)
        s = try b.add("less", .linear(outputs: 2, bias: true), s)
        s = try b.add(
          "more", .linear(outputs: 6, bias: true), try b.add("relu", .activation(.relu), s))
        x = try b.add("product", .product, x, try b.add("gate", .activation(.sigmoid), s))
        try b.add("bn", .batchNorm(.init()), x)
      },
      after("three values joined") { b, x in
        let y = try b.add("y", .convolution(.init(outputChannels: 3, kernel: 1)), x)
        let joined = try b.add("joined", .concatenation, inputs: [x, y, b.input])
        let z = try b.add("bn", .batchNorm(.init()), joined)
        try b.add("z", .convolution(.init(outputChannels: 4, kernel: 3)), z)
      },
      after("value joined with itself") { b, x in try b.add("joined", .concatenation, x, x) },
      after("dense block") { b, stem in
        var x = stem
        for unit in 0..<3 {
          var y = try b.add("bn\(unit)", .batchNorm(.init()), x)
          y = try b.add("relu\(unit)", .activation(.relu), y)
          y = try b.add(
            "conv\(unit)", .convolution(.init(outputChannels: 3, kernel: 3, padding: 1)), y)
          x = try b.add("joined\(unit)", .concatenation, x, y)
        }
      },
      LayerCase("vectors joined", [7]) { b in
        let x = try b.add("x", .linear(outputs: 3, bias: true), b.input)
        try b.add("joined", .concatenation, x, b.input)
      },
      after("ConvNeXt block") { b, x in
        var y = try b.add(
          "depthwise", .convolution(.init(outputChannels: 6, kernel: 3, padding: 1, groups: 6)), x)
        y = try b.add("norm", .layerNorm(epsilon: 1e-6), y)
        y = try b.add("wide", .convolution(.init(outputChannels: 12, kernel: 1, bias: true)), y)
        y = try b.add("gelu", .activation(.gelu), y)
        y = try b.add("narrow", .convolution(.init(outputChannels: 6, kernel: 1, bias: true)), y)
        y = try b.add("scale", .channelAffine, y)
        try b.sum("add", y, x)
      },
      after("activations with other readers") { b, x in
        let y = try b.add("silu", .activation(.silu), x)
        let z = try b.add("swish", .activation(.hardSwish), y)
        let w = try b.add("prelu", .prelu, y)
        let sum = try b.sum("add", try b.sum("zw", z, w), y)
        try b.add("bn", .batchNorm(.init()), try b.sum("all", sum, x))
      },
    ]
}
