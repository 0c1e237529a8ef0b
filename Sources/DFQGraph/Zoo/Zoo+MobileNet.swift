import DFQTensor

extension Zoo {
  /// Sandler 2018, table 2, width 1, with torchvision's names.
  static func mobileNetV2(input: Shape, classes: Int) throws -> Graph {
    let stages: [(expansion: Int, width: Int, units: Int, stride: Int)] = [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
      (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]
    var b = GraphBuilder(input: input)
    var x = try b.block(
      "features.0.0", .init(outputChannels: 32, kernel: 3, stride: 2, padding: 1),
      normName: "features.0.1", activation: .relu6, b.input)
    var index = 1
    for stage in stages {
      for unit in 0..<stage.units {
        let stride = unit == 0 ? stage.stride : 1
        let name = "features.\(index).conv"
        let channels = try b.shape(x).dimensions.last!
        let hidden = channels * stage.expansion
        var y = x
        var part = 0
        if stage.expansion != 1 {
          y = try b.block(
            "\(name).0.0", .init(outputChannels: hidden, kernel: 1), normName: "\(name).0.1",
            activation: .relu6, y)
          part = 1
        }
        y = try b.block(
          "\(name).\(part).0",
          .init(outputChannels: hidden, kernel: 3, stride: stride, padding: 1, groups: hidden),
          normName: "\(name).\(part).1", activation: .relu6, y)
        y = try b.block(
          "\(name).\(part + 1)", .init(outputChannels: stage.width, kernel: 1),
          normName: "\(name).\(part + 2)", y)
        x =
          stride == 1 && channels == stage.width
          ? try b.sum("features.\(index).add", y, x) : y
        index += 1
      }
    }
    x = try b.block(
      "features.18.0", .init(outputChannels: 1280, kernel: 1), normName: "features.18.1",
      activation: .relu6, x)
    x = try b.add("pool", .globalAveragePool, x)
    try b.add("classifier.1", .linear(outputs: classes, bias: true), x)
    return b.build()
  }

  /// EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, ReLU6, "same" padding as
  /// TensorFlow has it (an odd zero goes after the last row).
  static func efficientNetLite0(input: Shape, classes: Int) throws -> Graph {
    let norm = BatchNorm(epsilon: 1e-3, momentum: 0.01)
    let stages: [(units: Int, kernel: Int, stride: Int, expansion: Int, width: Int)] = [
      (1, 3, 1, 1, 16), (2, 3, 2, 6, 24),
      (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
    ]
    var b = GraphBuilder(input: input)
    func same(
      _ width: Int, kernel: Int, stride: Int, groups: Int = 1, extent: Int
    ) -> Convolution {
      let output = (extent + stride - 1) / stride
      let total = max((output - 1) * stride + kernel - extent, 0)
      return .init(
        outputChannels: width, kernel: kernel, stride: stride, padding: total / 2,
        paddingAfter: total - total / 2, groups: groups)
    }
    var x = try b.block(
      "_conv_stem", same(32, kernel: 3, stride: 2, extent: input[0]), normName: "_bn0", norm: norm,
      activation: .relu6, b.input)
    var index = 0
    for stage in stages {
      for unit in 0..<stage.units {
        let stride = unit == 0 ? stage.stride : 1
        let name = "_blocks.\(index)"
        let channels = try b.shape(x).dimensions.last!
        let hidden = channels * stage.expansion
        var y = x
        if stage.expansion != 1 {
          y = try b.block(
            "\(name)._expand_conv", .init(outputChannels: hidden, kernel: 1),
            normName: "\(name)._bn0", norm: norm, activation: .relu6, y)
        }
        y = try b.block(
          "\(name)._depthwise_conv",
          same(
            hidden, kernel: stage.kernel, stride: stride, groups: hidden, extent: try b.shape(y)[0]),
          normName: "\(name)._bn1", norm: norm, activation: .relu6, y)
        y = try b.block(
          "\(name)._project_conv", .init(outputChannels: stage.width, kernel: 1),
          normName: "\(name)._bn2", norm: norm, y)
        x = stride == 1 && channels == stage.width ? try b.sum("\(name).add", y, x) : y
        index += 1
      }
    }
    x = try b.block(
      "_conv_head", .init(outputChannels: 1280, kernel: 1), normName: "_bn1", norm: norm,
      activation: .relu6, x)
    x = try b.add("pool", .globalAveragePool, x)
    try b.add("_fc", .linear(outputs: classes, bias: true), x)
    return b.build()
  }
}
