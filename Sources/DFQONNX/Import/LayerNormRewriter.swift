/// Joins the operators that exporters write layer normalization in before opset 17:
/// (x - mean) / sqrt(mean((x - mean)^2) + epsilon), then a scale and a shift.
struct LayerNormRewriter {
  /// The node's name after it is joined: the inputs are x, the scale and the shift, the attributes the axis and epsilon.
  static let operation = "dynadfq.LayerNorm"

  private(set) var nodes: [ImportNode]
  private let constants: [String: ONNXTensor]
  private let outputs: Set<String>
  private var producers: [String: Int] = [:]
  private var consumers: [String: [Int]] = [:]
  private var removed: Set<Int> = []

  /// Takes nodes in order, small constants by name, and the names of the graph's outputs, which stay.
  init(_ nodes: [ImportNode], constants: [String: ONNXTensor], outputs: Set<String>) {
    self.nodes = nodes
    self.constants = constants
    self.outputs = outputs
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
      for input in node.inputs where !input.isEmpty { consumers[input, default: []].append(index) }
    }
  }

  /// The nodes after the pattern was looked for.
  static func rewritten(
    _ nodes: [ImportNode], constants: [String: ONNXTensor], outputs: Set<String>
  ) -> [ImportNode] {
    var rewriter = LayerNormRewriter(nodes, constants: constants, outputs: outputs)
    for index in nodes.indices where nodes[index].operation == "Div" {
      if let found = rewriter.normalization(index) { rewriter.join(found, at: index) }
    }
    return rewriter.nodes.indices.filter { !rewriter.removed.contains($0) }
      .map { rewriter.nodes[$0] }
  }

  /// What a division by a deviation is.
  private struct Normalization {
    let input: String
    let axis: Int
    let epsilon: Float
    /// The nodes before the division.
    let nodes: [Int]
  }

  /// The node that makes a value which only some nodes read.
  private func maker(_ name: String, for readers: Set<Int>, _ operations: String...) -> Int? {
    guard let index = producers[name], operations.contains(nodes[index].operation),
      Set(consumers[name] ?? []) == readers, !outputs.contains(name)
    else { return nil }
    return index
  }

  /// The axis of a mean that keeps it.
  private func axis(_ mean: Int) -> Int? {
    let node = nodes[mean]
    let axes = node.ints("axes") ?? (node.hasInput(1) ? constants[node.inputs[1]]?.integers : nil)
    guard let axes, axes.count == 1, node.int("keepdims") != 0 else { return nil }
    return axes[0]
  }

  private func normalization(_ division: Int) -> Normalization? {
    guard nodes[division].inputs.count == 2, let difference = nodes[division].inputs.first,
      let root = maker(nodes[division].inputs[1], for: [division], "Sqrt"),
      let sum = maker(nodes[root].inputs.first ?? "", for: [root], "Add"),
      nodes[sum].inputs.count == 2
    else { return nil }
    let terms = nodes[sum].inputs
    for (variance, epsilon) in [(terms[0], terms[1]), (terms[1], terms[0])] {
      guard let number = constants[epsilon]?.scalar,
        let outer = maker(variance, for: [sum], "ReduceMean"),
        let square = maker(nodes[outer].inputs.first ?? "", for: [outer], "Pow", "Mul"),
        isSquare(nodes[square], of: difference),
        let subtraction = maker(difference, for: [square, division], "Sub"),
        nodes[subtraction].inputs.count == 2, let input = nodes[subtraction].inputs.first,
        let inner = maker(nodes[subtraction].inputs[1], for: [subtraction], "ReduceMean"),
        nodes[inner].inputs.first == input, let axis = axis(inner), axis == self.axis(outer)
      else { continue }
      return Normalization(
        input: input, axis: axis, epsilon: number,
        nodes: [root, sum, outer, square, subtraction, inner])
    }
    return nil
  }

  private func isSquare(_ node: ImportNode, of name: String) -> Bool {
    guard node.inputs.count == 2, node.inputs[0] == name else { return false }
    return node.operation == "Pow"
      ? constants[node.inputs[1]]?.scalar == 2 : node.inputs[1] == name
  }

  /// The only reader of a node, and the constant list that it takes beside.
  private func factor(_ index: Int, _ operation: String) -> (node: Int, constant: String)? {
    guard let output = nodes[index].outputs.first, !outputs.contains(output),
      consumers[output]?.count == 1, let reader = consumers[output]?.first,
      nodes[reader].operation == operation, nodes[reader].inputs.count == 2,
      let other = nodes[reader].inputs.first(where: { $0 != output }), constants[other] != nil
    else { return nil }
    return (reader, other)
  }

  /// Puts one node in the place of the last one.
  private mutating func join(_ found: Normalization, at division: Int) {
    removed.formUnion(found.nodes)
    var last = division
    var inputs = [found.input, "", ""]
    for (place, operation) in [(1, "Mul"), (2, "Add")] {
      guard let (next, constant) = factor(last, operation) else { continue }
      inputs[place] = constant
      removed.insert(last)
      last = next
    }
    var node = ImportNode(
      Self.operation, name: nodes[last].name, inputs: inputs, outputs: nodes[last].outputs)
    var (axis, epsilon) = (Onnx_AttributeProto(), Onnx_AttributeProto())
    axis.i = Int64(found.axis)
    epsilon.f = found.epsilon
    node.attributes = ["axis": axis, "epsilon": epsilon]
    nodes[last] = node
  }
}
