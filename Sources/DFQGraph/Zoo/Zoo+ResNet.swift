import DFQTensor

/// The graphs of the zoo, with the layer names of the public checkpoints.
enum Zoo {
  /// He 2016, section 4.2: depth 6n+2, three stages of 16, 32 and 64 channels.
  static func cifarResNet(
    depth: Int, projection: Bool, input: Shape, classes: Int
  ) throws -> Graph {
    var b = GraphBuilder(input: input)
    var x = try b.block(
      "conv1", .init(outputChannels: 16, kernel: 3, padding: 1), normName: "bn1",
      activation: .relu, b.input)
    for (stage, width) in [16, 32, 64].enumerated() {
      for unit in 0..<(depth - 2) / 6 {
        let name = "layer\(stage + 1).\(unit)"
        let stride = stage > 0 && unit == 0 ? 2 : 1
        x = try basicUnit(
          &b, name, width: width, stride: stride, x,
          shortcut: projection
            ? .projection("shortcut") : .paddedIdentity)
      }
    }
    return try head(&b, x, name: "linear", classes: classes)
  }

  /// He 2016, table 1, with torchvision's names and stride in the 3x3 convolution of
  /// bottlenecks.
  static func resNet(depth: Int, input: Shape, classes: Int) throws -> Graph {
    let units = depth == 18 ? [2, 2, 2, 2] : [3, 4, 6, 3]
    var b = GraphBuilder(input: input)
    var x = try b.block(
      "conv1", .init(outputChannels: 64, kernel: 7, stride: 2, padding: 3), normName: "bn1",
      activation: .relu, b.input)
    x = try b.add("maxpool", .maxPool(.init(kernel: 3, stride: 2, padding: 1)), x)
    for (stage, width) in [64, 128, 256, 512].enumerated() {
      for unit in 0..<units[stage] {
        let name = "layer\(stage + 1).\(unit)"
        let stride = stage > 0 && unit == 0 ? 2 : 1
        x =
          depth == 50
          ? try bottleneckUnit(&b, name, width: width, stride: stride, x)
          : try basicUnit(
            &b, name, width: width, stride: stride, x, shortcut: .projection("downsample"))
      }
    }
    return try head(&b, x, name: "fc", classes: classes)
  }

  private enum Shortcut {
    case paddedIdentity
    /// A 1x1 convolution and batch norm, with the checkpoints' name for the pair.
    case projection(String)
  }

  private static func basicUnit(
    _ b: inout GraphBuilder, _ name: String, width: Int, stride: Int, _ input: Int,
    shortcut: Shortcut
  ) throws -> Int {
    let side = try shortcutNode(
      &b, name, width: width, stride: stride, input, shortcut: shortcut)
    var x = try b.block(
      "\(name).conv1", .init(outputChannels: width, kernel: 3, stride: stride, padding: 1),
      normName: "\(name).bn1", activation: .relu, input)
    x = try b.block(
      "\(name).conv2", .init(outputChannels: width, kernel: 3, padding: 1),
      normName: "\(name).bn2", x)
    x = try b.sum("\(name).add", x, side)
    return try b.add("\(name).relu", .activation(.relu), x)
  }

  private static func bottleneckUnit(
    _ b: inout GraphBuilder, _ name: String, width: Int, stride: Int, _ input: Int
  ) throws -> Int {
    let side = try shortcutNode(
      &b, name, width: 4 * width, stride: stride, input, shortcut: .projection("downsample"))
    var x = try b.block(
      "\(name).conv1", .init(outputChannels: width, kernel: 1), normName: "\(name).bn1",
      activation: .relu, input)
    x = try b.block(
      "\(name).conv2", .init(outputChannels: width, kernel: 3, stride: stride, padding: 1),
      normName: "\(name).bn2", activation: .relu, x)
    x = try b.block(
      "\(name).conv3", .init(outputChannels: 4 * width, kernel: 1), normName: "\(name).bn3", x)
    x = try b.sum("\(name).add", x, side)
    return try b.add("\(name).relu", .activation(.relu), x)
  }

  /// The shortcut is added before the unit's body, so that the sum joins the body's batch norm.
  private static func shortcutNode(
    _ b: inout GraphBuilder, _ name: String, width: Int, stride: Int, _ input: Int,
    shortcut: Shortcut
  ) throws -> Int {
    let channels = try b.shape(input).dimensions.last!
    guard stride != 1 || channels != width else { return input }
    switch shortcut {
    case .paddedIdentity:
      let before = (width - channels) / 2
      return try b.add(
        "\(name).shortcut",
        .padChannels(stride: stride, before: before, after: width - channels - before), input)
    case .projection(let pair):
      return try b.block(
        "\(name).\(pair).0", .init(outputChannels: width, kernel: 1, stride: stride),
        normName: "\(name).\(pair).1", input)
    }
  }

  private static func head(
    _ b: inout GraphBuilder, _ x: Int, name: String, classes: Int
  ) throws -> Graph {
    let pooled = try b.add("pool", .globalAveragePool, x)
    try b.add(name, .linear(outputs: classes, bias: true), pooled)
    return b.build()
  }
}
