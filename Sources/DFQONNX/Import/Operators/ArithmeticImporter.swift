import DFQGraph
import DFQTensor

/// Sums and products: of two layers' outputs, or of one with numbers for each channel.
enum ArithmeticImporter: OperatorImporter {
  static let operators = ["Add", "Sub", "Mul", "Div", "Sum"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    guard node.inputs.count == 2 else {
      throw graph.refuse(node, "two inputs", "\(node.inputs.count)")
    }
    switch (graph.constant(node, 0), graph.constant(node, 1)) {
    case (nil, nil): try combine(node, &graph)
    case (nil, let constant?): try apply(node, try graph.feature(node, 0), constant, false, &graph)
    case (let constant?, _): try apply(node, try graph.feature(node, 1), constant, true, &graph)
    }
  }

  private static func combine(_ node: ImportNode, _ graph: inout GraphImport) throws {
    var (first, second) = (try graph.feature(node, 0), try graph.feature(node, 1))
    let shapes = (try graph.shape(first), try graph.shape(second))
    switch node.operation {
    case "Add", "Sum":
      guard first.axes == second.axes, shapes.0 == shapes.1 else {
        throw graph.refuse(node, "two values of one shape", "\(shapes.0) and \(shapes.1)")
      }
      let position = try graph.add(node.name, Sum(), [first.position, second.position], node)
      graph.set(node.outputs[0], position, first.axes)
    case "Mul":
      // A gate, one number for each channel, may be on either side.
      if shapes.0.count < shapes.1.count { swap(&first, &second) }
      let isGate = second.axes == [.batch, .channel, .unit, .unit] && first.isMap
      guard isGate || (first.axes == second.axes && shapes.0 == shapes.1) else {
        throw graph.refuse(
          node, "two values of one shape, or one number for each channel",
          "\(shapes.0) and \(shapes.1)")
      }
      let position = try graph.add(node.name, Product(), [first.position, second.position], node)
      graph.set(node.outputs[0], position, first.axes)
    default:
      throw graph.refuse(node, "a constant operand", "two values that depend on the image")
    }
  }

  /// scale * x + shift with the same numbers for every position.
  private static func apply(
    _ node: ImportNode, _ feature: Feature, _ constant: ONNXTensor, _ isFirst: Bool,
    _ graph: inout GraphImport
  ) throws {
    let channels = try graph.shape(feature).dimensions.last ?? 1
    // One number in the file may become one for each of very many channels.
    try graph.spend(channels, node)
    let numbers = try numbers(node, feature, constant, channels, graph)
    let ones = [Float](repeating: 1, count: channels)
    let zeros = [Float](repeating: 0, count: channels)
    let (scale, shift): ([Float], [Float])
    switch (node.operation, isFirst) {
    case ("Add", _), ("Sum", _): (scale, shift) = (ones, numbers)
    case ("Sub", false): (scale, shift) = (ones, numbers.map { -$0 })
    case ("Sub", true): (scale, shift) = (ones.map { -$0 }, numbers)
    case ("Mul", _): (scale, shift) = (numbers, zeros)
    case ("Div", false):
      guard numbers.allSatisfy({ $0 != 0 }) else {
        throw graph.refuse(node, "a divisor that is not 0", "0")
      }
      (scale, shift) = (numbers.map { 1 / $0 }, zeros)
    default: throw graph.refuse(node, "a constant divisor", "one that depends on the image")
    }
    if scale == ones, shift == zeros { return graph.set(node.outputs[0], .feature(feature)) }
    let position = try graph.add(
      node.name, ChannelAffine(), [feature.position], node, ["weight": scale, "bias": shift])
    graph.set(node.outputs[0], position, feature.axes)
  }

  /// A number for each channel of the layer, from a constant that extends over all other axes.
  static func numbers(
    _ node: ImportNode, _ feature: Feature, _ constant: ONNXTensor, _ channels: Int,
    _ graph: GraphImport
  ) throws -> [Float] {
    let values = constant.floats
    if values.count == 1 { return [Float](repeating: values[0], count: channels) }
    let axes = feature.axes.suffix(constant.shape.count)
    let isAligned = zip(axes, constant.shape).allSatisfy { axis, extent in
      extent == 1 || axis == .channel
    }
    guard isAligned, constant.shape.count <= feature.axes.count, values.count == channels else {
      throw graph.refuse(
        node, "one number, or one for each of \(channels) channels", "shape \(constant.shape)")
    }
    return values
  }
}
