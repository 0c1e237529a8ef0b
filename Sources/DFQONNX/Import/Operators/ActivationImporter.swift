import DFQGraph

/// Functions of each element.
enum ActivationImporter: OperatorImporter {
  static let operators = [
    "Relu", "LeakyRelu", "PRelu", "Clip", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "Gelu",
    PatternRewriter.silu, PatternRewriter.gelu,
  ]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    if node.operation == "PRelu" { return try addPReLU(node, input, &graph) }
    let activation = try activation(node, graph)
    guard let activation else { return graph.set(node.outputs[0], .feature(input)) }
    let position = try graph.add(node.name, activation, [input.position], node)
    graph.set(node.outputs[0], position, input.axes)
  }

  /// nil for a clipping without bounds.
  private static func activation(_ node: ImportNode, _ graph: GraphImport) throws -> Activation? {
    switch node.operation {
    case "Relu": return .relu
    case "LeakyRelu": return .leakyReLU(negativeSlope: node.float("alpha") ?? 0.01)
    case "HardSwish": return .hardSwish
    case "HardSigmoid":
      return .hardSigmoid(slope: node.float("alpha") ?? 0.2, offset: node.float("beta") ?? 0.5)
    case "Sigmoid": return .sigmoid
    case "Tanh": return .tanh
    case PatternRewriter.silu: return .silu
    case "Gelu": return node.text("approximate") == "tanh" ? .geluTanh : .gelu
    case PatternRewriter.gelu: return .gelu
    default:
      let low = try bound(node, 1, "min", graph) ?? -.infinity
      let high = try bound(node, 2, "max", graph) ?? .infinity
      switch (low, high) {
      case (-.infinity, .infinity): return nil
      case (0, .infinity): return .relu
      case (0, 6): return .relu6
      default:
        guard low <= high else { throw graph.refuse(node, "min <= max", "\(low) and \(high)") }
        return .clip(minimum: low, maximum: high)
      }
    }
  }

  private static func bound(
    _ node: ImportNode, _ place: Int, _ attribute: String, _ graph: GraphImport
  ) throws -> Float? {
    if let value = node.float(attribute) { return abs(value) > 3e38 ? nil : value }
    guard node.hasInput(place) else { return nil }
    let value = try graph.demandConstant(node, place, "bounds").scalar
    return value.flatMap { abs($0) > 3e38 ? nil : $0 }
  }

  private static func addPReLU(
    _ node: ImportNode, _ input: Feature, _ graph: inout GraphImport
  ) throws {
    let slope = try graph.demandConstant(node, 1, "slopes")
    let channels = try graph.shape(input).dimensions.last ?? 1
    let values = slope.floats
    // One slope for each channel, in a shape that extends over positions, or one for all.
    let isPerChannel =
      values.count == channels && (slope.shape.first == channels || slope.shape.count <= 1)
    guard values.count == 1 || isPerChannel, input.place(.channel) == 1 else {
      throw graph.refuse(node, "one slope for each of \(channels) channels", "shape \(slope.shape)")
    }
    if values.count == 1 {
      let layer = Activation.leakyReLU(negativeSlope: values[0])
      let position = try graph.add(node.name, layer, [input.position], node)
      return graph.set(node.outputs[0], position, input.axes)
    }
    let position = try graph.add(
      graph.layerName(node, weights: 1), PReLU(), [input.position], node, ["weight": values])
    graph.set(node.outputs[0], position, input.axes)
  }
}
