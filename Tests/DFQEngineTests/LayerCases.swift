import DFQTestSupport
import DynaDFQ

/// Small graphs that between them use every layer and every way values meet.
struct LayerCase: Sendable, CustomStringConvertible {
  let description: String
  let input: Shape
  let build: @Sendable (inout GraphBuilder) throws -> Void

  init(
    _ description: String, _ input: Shape,
    _ build:
      @escaping @Sendable (inout GraphBuilder) throws
      -> Void
  ) {
    self.description = description
    self.input = input
    self.build = build
  }

  func network() throws -> Network {
    var builder = GraphBuilder(input: input)
    try build(&builder)
    return Network.random(builder.build())
  }

  /// A graph of one layer.
  static func single(_ name: String, _ input: Shape, _ layer: some Layer) -> LayerCase {
    LayerCase(name, input) { try $0.add("layer", layer, $0.input) }
  }

  static let convolutions: [LayerCase] = [
    single(
      "Winograd, bias", [9, 7, 10],
      .convolution(.init(outputChannels: 17, kernel: 3, padding: 1, bias: true))),
    single(
      "Winograd without padding", [6, 5, 16],
      .convolution(.init(outputChannels: 8, kernel: 3))),
    LayerCase("Winograd in a residual block", [6, 6, 8]) { b in
      let convolution = Convolution(outputChannels: 8, kernel: 3, padding: 1)
      let shortcut = try b.block("a", convolution, normName: "aNorm", activation: .relu, b.input)
      let y = try b.block("b", convolution, normName: "bNorm", shortcut)
      try b.add("relu", .activation(.relu6), try b.sum("add", y, shortcut))
    },
    single("dense 3x3", [5, 6, 3], .convolution(.init(outputChannels: 4, kernel: 3, padding: 1))),
    single(
      "dense, stride 2, zeros after, bias", [7, 8, 5],
      .convolution(
        .init(outputChannels: 19, kernel: 3, stride: 2, padding: 0, paddingAfter: 1, bias: true))),
    single(
      "dense 5x5, stride 3", [9, 8, 2],
      .convolution(.init(outputChannels: 17, kernel: 5, stride: 3, padding: 2, paddingAfter: 1))),
    single(
      "dense 1x1, bias", [3, 3, 21],
      .convolution(.init(outputChannels: 6, kernel: 1, bias: true))),
    single(
      "dense 1x1, stride 2", [5, 5, 4], .convolution(.init(outputChannels: 8, kernel: 1, stride: 2))
    ),
    single(
      "even kernel", [6, 6, 3],
      .convolution(.init(outputChannels: 5, kernel: 2, stride: 2, padding: 1, paddingAfter: 0))),
    single(
      "grouped, stride 2, bias", [7, 6, 6],
      .convolution(
        .init(
          outputChannels: 10, kernel: 3, stride: 2, padding: 1, paddingAfter: 0, groups: 2,
          bias: true))),
    single(
      "as many groups as inputs, twice the outputs", [5, 5, 3],
      .convolution(.init(outputChannels: 6, kernel: 3, padding: 1, groups: 3))),
    single(
      "depthwise, bias", [6, 5, 18],
      .convolution(.init(outputChannels: 18, kernel: 3, padding: 1, groups: 18, bias: true))),
    single(
      "depthwise 5x5, stride 2, zeros after", [8, 8, 7],
      .convolution(
        .init(outputChannels: 7, kernel: 5, stride: 2, padding: 1, paddingAfter: 2, groups: 7))),
  ]

  /// Kernels, strides, paddings and dilations that differ between the axes or the sides.
  static let proportions: [LayerCase] = [
    single(
      "dense 3x1, bias", [7, 6, 4],
      .convolution(
        .init(
          outputChannels: 9, kernel: Size2D(height: 3, width: 1),
          padding: Padding(top: 1, left: 0, bottom: 1, right: 0), bias: true))),
    single(
      "dense 1x5, strides 1 and 3", [5, 11, 3],
      .convolution(
        .init(
          outputChannels: 17, kernel: Size2D(height: 1, width: 5),
          stride: Size2D(height: 1, width: 3),
          padding: Padding(top: 0, left: 2, bottom: 0, right: 1)))),
    single(
      "dense 3x3, zeros on some sides", [6, 7, 8],
      .convolution(
        .init(
          outputChannels: 8, kernel: Size2D(3),
          padding: Padding(top: 2, left: 0, bottom: 1, right: 1)))),
    single(
      "dense 3x3, zeros left and below", [6, 7, 8],
      .convolution(
        .init(
          outputChannels: 8, kernel: Size2D(3),
          padding: Padding(top: 0, left: 2, bottom: 2, right: 0)))),
    single(
      "dense 2x4, strides 3 and 2, bias", [9, 8, 5],
      .convolution(
        .init(
          outputChannels: 6, kernel: Size2D(height: 2, width: 4),
          stride: Size2D(height: 3, width: 2),
          padding: Padding(top: 0, left: 3, bottom: 1, right: 1), bias: true))),
    single(
      "grouped 1x3, strides 2 and 1", [6, 5, 6],
      .convolution(
        .init(
          outputChannels: 4, kernel: Size2D(height: 1, width: 3),
          stride: Size2D(height: 2, width: 1),
          padding: Padding(top: 0, left: 1, bottom: 0, right: 2), groups: 2))),
    single(
      "depthwise 3x1", [7, 5, 18],
      .convolution(
        .init(
          outputChannels: 18, kernel: Size2D(height: 3, width: 1),
          padding: Padding(top: 1, left: 0, bottom: 1, right: 0), groups: 18))),
    single(
      "depthwise 2x5, strides 1 and 2, bias", [6, 9, 7],
      .convolution(
        .init(
          outputChannels: 7, kernel: Size2D(height: 2, width: 5),
          stride: Size2D(height: 1, width: 2),
          padding: Padding(top: 1, left: 2, bottom: 0, right: 3), groups: 7, bias: true))),
    single(
      "dilated 3x3, bias", [8, 7, 5],
      .convolution(.init(outputChannels: 6, kernel: 3, padding: 2, dilation: 2, bias: true))),
    single(
      "dilated by 3 and 2, stride 2, zeros on some sides", [11, 9, 3],
      .convolution(
        .init(
          outputChannels: 17, kernel: Size2D(height: 3, width: 2), stride: Size2D(2),
          padding: Padding(top: 1, left: 0, bottom: 2, right: 1),
          dilation: Size2D(height: 3, width: 2)))),
    single(
      "dilated, grouped, bias", [7, 8, 6],
      .convolution(
        .init(outputChannels: 4, kernel: 3, padding: 2, dilation: 2, groups: 2, bias: true))),
    single(
      "dilated, depthwise", [7, 6, 5],
      .convolution(.init(outputChannels: 5, kernel: 3, padding: 2, dilation: 2, groups: 5))),
    LayerCase("dilated in a residual block", [6, 6, 4]) { b in
      let x = try b.block(
        "a", .init(outputChannels: 4, kernel: 3, padding: 2, dilation: 2), normName: "aNorm",
        activation: .relu, b.input)
      let y = try b.block("b", .init(outputChannels: 4, kernel: 1), normName: "bNorm", x)
      try b.add("relu", .activation(.relu), try b.sum("add", y, x))
    },
    single(
      "max pool 2x3", [7, 6, 3],
      .maxPool(
        .init(
          kernel: Size2D(height: 2, width: 3), stride: Size2D(height: 1, width: 2),
          padding: Padding(top: 1, left: 0, bottom: 0, right: 2)))),
    single(
      "average pool 3x1", [7, 6, 3],
      .averagePool(
        .init(
          kernel: Size2D(height: 3, width: 1), stride: Size2D(height: 2, width: 1),
          padding: Padding(top: 2, left: 0, bottom: 1, right: 0)))),
  ]

  static let others: [LayerCase] = [
    single("batch norm", [3, 4, 5], .batchNorm(.init())),
    single("batch norm without scale", [3, 4, 19], .batchNorm(.init(epsilon: 0.1, affine: false))),
    single("batch norm of vectors", [9], .batchNorm(.init())),
    single("relu", [3, 3, 5], .activation(.relu)),
    LayerCase("relu6", [4, 4, 3]) {
      let x = try $0.add(
        "wide", .convolution(.init(outputChannels: 5, kernel: 3, padding: 1)), $0.input)
      let y = try $0.sum("double", x, x)
      try $0.add("relu6", .activation(.relu6), try $0.sum("fourfold", y, y))
    },
    single("leaky relu", [3, 3, 5], .activation(.leakyReLU(negativeSlope: 0.1))),
    single("tanh", [3, 3, 5], .activation(.tanh)),
    single("pad channels", [5, 4, 3], .padChannels(stride: 2, before: 1, after: 2)),
    single("max pool", [7, 6, 3], .maxPool(.init(kernel: 3, stride: 2, padding: 1))),
    single("average pool", [7, 6, 3], .averagePool(.init(kernel: 3, stride: 2, padding: 1))),
    single("global average", [4, 3, 5], .globalAveragePool),
    single("linear", [7], .linear(outputs: 5, bias: true)),
    single("linear without bias", [17], .linear(outputs: 3, bias: false)),
    single("upsample", [2, 3, 4], .upsample(factor: 3)),
    single("flatten", [2, 3, 4], .flatten),
    LayerCase("generator", [6]) {
      var x = try $0.add("fc", .linear(outputs: 24, bias: true), $0.input)
      x = try $0.add("reshape", .reshape([2, 3, 4]), x)
      x = try $0.add("bn0", .batchNorm(.init()), x)
      x = try $0.add("up", .upsample(factor: 2), x)
      x = try $0.add("conv", .convolution(.init(outputChannels: 3, kernel: 3, padding: 1)), x)
      x = try $0.add("bn1", .batchNorm(.init()), x)
      x = try $0.add("leaky", .activation(.leakyReLU(negativeSlope: 0.2)), x)
      x = try $0.add("tanh", .activation(.tanh), x)
      try $0.add("bn2", .batchNorm(.init(affine: false)), x)
    },
  ]

  /// A convolution, then what `build` makes of it.
  static func after(
    _ name: String, _ build: @escaping @Sendable (inout GraphBuilder, Int) throws -> Void
  ) -> LayerCase {
    LayerCase(name, [4, 5, 3]) {
      let x = try $0.add(
        "stem", .convolution(.init(outputChannels: 6, kernel: 3, padding: 1)), $0.input)
      try build(&$0, x)
    }
  }

  static let meetings: [LayerCase] = [
    after("value added to itself") { b, x in try b.sum("add", x, x) },
    after("value added to itself, relu") { b, x in
      try b.add("relu", .activation(.relu), try b.sum("add", x, x))
    },
    after("batch norm added to its input, relu") { b, x in
      let y = try b.add("bn", .batchNorm(.init()), x)
      try b.add("relu", .activation(.relu), try b.sum("add", y, x))
    },
    after("batch norm added to itself") { b, x in
      let y = try b.add("bn", .batchNorm(.init()), x)
      try b.add("relu", .activation(.relu), try b.sum("add", y, y))
    },
    after("two batch norms of one value joined") { b, x in
      let left = try b.add("left", .batchNorm(.init()), x)
      let right = try b.add("right", .batchNorm(.init()), x)
      try b.add("relu", .activation(.relu), try b.sum("add", left, right))
    },
    after("projection unit") { b, x in
      let side = try b.block(
        "side", .init(outputChannels: 8, kernel: 1, stride: 2), normName: "sideNorm", x)
      var y = try b.block(
        "a", .init(outputChannels: 8, kernel: 3, stride: 2, padding: 1), normName: "aNorm",
        activation: .relu, x)
      y = try b.block("b", .init(outputChannels: 8, kernel: 3, padding: 1), normName: "bNorm", y)
      y = try b.add("relu", .activation(.relu), try b.sum("add", y, side))
      try b.add("fc", .linear(outputs: 3, bias: true), try b.add("pool", .globalAveragePool, y))
    },
    after("sum in the other order") { b, x in
      let y = try b.add("bn", .batchNorm(.init()), x)
      let z = try b.add("tanh", .activation(.tanh), x)
      try b.add("relu6", .activation(.relu6), try b.sum("add", z, y))
    },
    after("four consumers") { b, x in
      let y = try b.add("relu", .activation(.relu), x)
      let u = try b.add("conv", .convolution(.init(outputChannels: 6, kernel: 1)), y)
      let v = try b.add("bn", .batchNorm(.init()), y)
      let w = try b.add("tanh", .activation(.tanh), y)
      let first = try b.sum("first", try b.sum("second", u, v), w)
      try b.sum("third", first, y)
    },
    after("identity chain") { b, x in
      var y = x
      for unit in 0..<3 {
        let z = try b.block(
          "conv\(unit)", .init(outputChannels: 6, kernel: 3, padding: 1), normName: "bn\(unit)", y)
        y = try b.add(
          "relu\(unit)", .activation(.relu), try b.sum("add\(unit)", z, y))
      }
    },
    after("dead end") { b, x in
      try b.add("unused", .activation(.tanh), x)
      try b.add("relu", .activation(.relu), x)
    },
    LayerCase("input used twice", [4, 4, 3]) {
      let x = try $0.add(
        "conv", .convolution(.init(outputChannels: 3, kernel: 3, padding: 1)), $0.input)
      let y = try $0.sum("add", $0.input, x)
      try $0.add("bn", .batchNorm(.init()), try $0.sum("more", y, $0.input))
    },
  ]

  static let all = convolutions + proportions + others + meetings + operators
}
