import DFQGraph
import DFQTensor

/// Fully connected layers, and the same for every pixel of a map whose channels come last.
enum LinearImporter: OperatorImporter {
  static let operators = ["Gemm", "MatMul"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    var weight = try graph.demandConstant(node, 1, "weights")
    guard weight.shape.count == 2 else {
      throw graph.refuse(node, "weights of two axes", "\(weight.shape)")
    }
    if node.operation == "Gemm" {
      guard node.int("transA") ?? 0 == 0 else {
        throw graph.refuse(node, "images in rows", "transA")
      }
      if node.int("transB") == 1 { weight = weight.transposed([1, 0]) }
    }
    let (inputs, outputs) = (weight.shape[0], weight.shape[1])
    let extent = try graph.shape(input)
    guard inputs > 0, outputs > 0, inputs == (try graph.extents(input).last) else {
      throw graph.refuse(node, "\(inputs) inputs", "extents \(try graph.extents(input))")
    }
    var bias: [Float]?
    if node.hasInput(2) {
      let numbers = try graph.demandConstant(node, 2, "biases").floats
      guard numbers.count == outputs || numbers.count == 1 else {
        throw graph.refuse(node, "\(outputs) biases", "\(numbers.count)")
      }
      let beta = node.float("beta") ?? 1
      bias = (0..<outputs).map { beta * numbers[numbers.count == 1 ? 0 : $0] }
    }
    let alpha = node.float("alpha") ?? 1
    var values = weight.floats
    if alpha != 1 { values = values.map { alpha * $0 } }
    let name = graph.layerName(node, weights: 1)
    var parameters = ["bias": bias].compactMapValues { $0 }
    var axes = Array(input.axes.dropLast()) + [.channel]
    switch input.axes.last {
    case .flattened(let order, let extents) where extent.rank == 1 && input.axes.count == 2:
      // The file's order of inputs becomes the layer's, H W C.
      let target = [Feature.Axis.height, .width, .channel]
        .compactMap { axis in order.firstIndex(of: axis) }
      axes = Feature.vector
      values =
        ONNXTensor(extents + [outputs], floats: values)
        .transposed(target + [extents.count]).floats
    case .channel where extent.rank == 1: break
    case .channel where input.axes.count == 4 && extent.rank == 3:
      parameters["weight"] = values
      let layer = Convolution(outputChannels: outputs, kernel: 1, bias: bias != nil)
      let position = try graph.add(name, layer, [input.position], node, parameters)
      return graph.set(node.outputs[0], position, input.axes)
    default: throw graph.refuse(node, "channels in the last axis", "axes \(input.axes)")
    }
    parameters["weight"] = values
    let layer = Linear(outputs: outputs, bias: bias != nil)
    let position = try graph.add(name, layer, [input.position], node, parameters)
    graph.set(node.outputs[0], position, axes)
  }
}
