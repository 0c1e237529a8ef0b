import DFQGraph
import DFQTensor

/// The nodes that a classifier's output needs, in order, after patterns were joined.
struct ImportPlan {
  let nodes: [ImportNode]
  /// The name of the logits.
  let output: String

  /// - Throws: ``ONNXError/badModel(path:expected:found:)`` for a graph without outputs or in disorder.
  init(_ file: ONNXFile, notes: inout [String]) throws {
    let graph = file.model.graph
    guard let first = graph.output.first?.name, !first.isEmpty else {
      throw ONNXError.badModel(path: file.path, expected: "an output", found: "none")
    }
    if graph.output.count > 1 {
      notes.append("of \(graph.output.count) outputs, the first one, \(first), is the classifier's")
    }
    let all = graph.node.map { ImportNode($0) }
    var producers: [String: Int] = [:]
    for (index, node) in all.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard producers.updateValue(index, forKey: output) == nil else {
          throw ONNXError.badModel(
            path: file.path, expected: "a node for each value", found: "two for \(output)")
        }
      }
    }
    // A softmax at the end is no part of a classifier that learns.
    var output = first
    while let index = producers[output],
      ["Softmax", "LogSoftmax", "Identity"].contains(all[index].operation),
      let input = all[index].inputs.first
    {
      if all[index].operation != "Identity" {
        notes.append("\(all[index].operation) at the end was left out: the outputs are logits")
      }
      output = input
      guard producers[output].map({ $0 < index }) ?? true else { break }
    }
    // Nodes come in an order in which every input is made before it is read.
    var needed: Set<Int> = []
    var waiting = [output]
    while let name = waiting.popLast() {
      guard let index = producers[name], needed.insert(index).inserted else { continue }
      for input in all[index].inputs where !input.isEmpty {
        guard producers[input].map({ $0 < index }) ?? true else {
          throw ONNXError.badModel(
            path: file.path, expected: "nodes in order",
            found: "\(all[index].name) before its input")
        }
        waiting.append(input)
      }
    }
    let own = ImportPlan.withoutUnreadOutputs(
      all.indices.filter { needed.contains($0) }.map { all[$0] }, output: output)
    self.output = output
    let constants = try ImportPlan.constants(file, own)
    nodes = PatternRewriter.rewritten(
      LayerNormRewriter.rewritten(own, constants: constants, outputs: [output]),
      constants: constants, outputs: [output])
  }

  /// The nodes without the names of outputs that nothing reads: parts of a split must not become layers that nobody needs.
  static func withoutUnreadOutputs(_ nodes: [ImportNode], output: String) -> [ImportNode] {
    let read = Set(nodes.flatMap(\.inputs)).union([output])
    return nodes.map { node in
      guard node.operation == "Split" else { return node }
      var node = node
      node.outputs = node.outputs.map { read.contains($0) ? $0 : "" }
      return node
    }
  }

  /// The constants that patterns look at: single numbers and lists.
  private static func constants(
    _ file: ONNXFile, _ nodes: [ImportNode]
  ) throws -> [String: ONNXTensor] {
    var result: [String: ONNXTensor] = [:]
    for tensor in file.model.graph.initializer where tensor.dims.count <= 1 {
      result[tensor.name] = try file.tensor(tensor)
    }
    for node in nodes where node.operation == "Constant" {
      guard let name = node.outputs.first else { continue }
      if let value = node.attributes["value"], value.t.dims.count <= 1 {
        result[name] = try file.tensor(value.t)
      } else if let value = node.float("value_float") {
        result[name] = ONNXTensor([], floats: [value])
      } else if let list = node.ints("value_ints") {
        result[name] = ONNXTensor([list.count], integers: list)
      }
    }
    return result
  }
}

/// The input of a graph as this package has it.
struct InputForm {
  let name: String
  /// H W C.
  let shape: Shape
  let axes: [Feature.Axis]
  /// The extent of the batch, nil where the file leaves it open.
  let batch: Int?

  init(_ file: ONNXFile, options: ONNXImport.Options) throws {
    let graph = file.model.graph
    let constants = Set(graph.initializer.map(\.name))
    let inputs = graph.input.filter { !constants.contains($0.name) }
    guard inputs.count == 1, let input = inputs.first else {
      throw ONNXError.badModel(
        path: file.path, expected: "one input, the image", found: "\(inputs.count)")
    }
    let dimensions = input.type.tensorType.shape.dim
    guard dimensions.count == 4 else {
      throw ONNXError.badModel(
        path: file.path, expected: "an image of four axes",
        found: "\(dimensions.count) axes of \(input.name)")
    }
    let extents = dimensions.map { dimension -> Int? in
      guard case .dimValue(let value)? = dimension.value, value > 0 else { return nil }
      return Int(exactly: value)
    }
    axes =
      options.layout == .channelsFirst ? Feature.map : [.batch, .height, .width, .channel]
    let places = options.layout == .channelsFirst ? [2, 3, 1] : [1, 2, 3]
    let size = options.imageSize
    let given = [size?.height, size?.width, nil]
    let image = places.indices.map { extents[places[$0]] ?? given[$0] }
    guard let height = image[0], let width = image[1], let channels = image[2] else {
      throw ONNXError.missing(
        path: file.path, what: "the size of images",
        advice: "give height and width (--image-size), or the layout of the input (--layout)")
    }
    if let size, (height, width) != (size.height, size.width) {
      throw ONNXError.badModel(
        path: file.path, expected: "images of \(size)", found: "\(height)x\(width)")
    }
    guard channels <= 64, max(height, width) <= 1 << 16 else {
      throw ONNXError.badModel(
        path: file.path,
        expected: "at most 64 channels and 65536 rows and columns in layout "
          + options.layout.rawValue,
        found: "\(height)x\(width)x\(channels)")
    }
    name = input.name
    shape = [height, width, channels]
    batch = extents[0]
    if let batch, batch > ONNXLimits.batch {
      throw ONNXError.badModel(
        path: file.path, expected: "a batch of at most \(ONNXLimits.batch)", found: "\(batch)")
    }
  }
}
