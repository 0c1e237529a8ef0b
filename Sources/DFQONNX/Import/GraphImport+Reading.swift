import DFQGraph
import DFQTensor

extension GraphImport {
  /// What a name stands for.
  func value(_ name: String) -> ImportedValue? { values[name] }

  /// Reads nodes in order.
  ///
  /// - Throws: ``ONNXError/unsupported(path:operators:)`` with all operators that have no layer, and what nodes throw.
  mutating func read(_ nodes: [ImportNode]) throws {
    try demandOperators(nodes)
    for node in nodes { try read(node) }
  }

  private mutating func read(_ node: ImportNode) throws {
    // A node with several outputs may have some that nothing reads.
    guard let first = node.outputs.first, node.outputs.contains(where: { !$0.isEmpty }),
      !first.isEmpty || node.operation == "Split"
    else { throw refuse(node, "an output", "none") }
    // The shape of a layer's output is known.
    if node.operation == "Shape", let name = node.inputs.first,
      case .feature(let feature)? = values[name]
    {
      let extents = try extents(feature)
      let start = clamp(node.int("start") ?? 0, extents.count)
      let end = clamp(node.int("end") ?? extents.count, extents.count)
      let part = Array(extents[min(start, end)..<end])
      return set(first, .constant(ONNXTensor([part.count], integers: part)))
    }
    try spend(
      node.inputs.indices.reduce(0) { $0 + (constant(node, $1)?.count ?? 0) }, as: .read, node)
    let isConstant = node.inputs.allSatisfy { name in
      if name.isEmpty { return true }
      if case .constant? = values[name] { return true }
      return false
    }
    if isConstant {
      guard let outputs = try ConstantFolding.outputs(node, self) else {
        throw ONNXError.unsupported(
          path: file.path,
          operators: [
            .init(
              name: node.operation, nodes: [node.name], count: 1,
              advice: "its inputs are constants: fold them when the network is exported")
          ])
      }
      for (name, value) in zip(node.outputs, outputs) where !name.isEmpty {
        if node.operation == "Constant" { found(value.count) } else { try spend(value.count, node) }
        set(name, .constant(value))
      }
      return
    }
    guard let importer = OperatorImporters.byOperator[node.operation] else {
      throw refuse(node, "inputs that don't depend on the image", "others")
    }
    try importer.add(node, to: &self)
  }

  private func clamp(_ place: Int, _ rank: Int) -> Int {
    min(max(place < 0 ? place + rank : place, 0), rank)
  }

  /// Refuses all operators without a layer at once.
  private func demandOperators(_ nodes: [ImportNode]) throws {
    let folded: Set = [
      "Constant", "ConstantOfShape", "Shape", "Size", "Concat", "Cast", "Min", "Max", "Pow",
      "Sqrt", "Neg", "Floor", "Ceil", "Exp", "Reciprocal", "Abs",
    ]
    var names: [String: [String]] = [:]
    for node in nodes
    where OperatorImporters.byOperator[node.operation] == nil && !folded.contains(node.operation) {
      names[node.operation, default: []].append(node.name)
    }
    guard !names.isEmpty else { return }
    throw ONNXError.unsupported(
      path: file.path,
      operators: names.sorted { $0.key < $1.key }.map { name, nodes in
        .init(
          name: name, nodes: Array(nodes.prefix(3)), count: nodes.count,
          advice: OperatorImporters.advice(name))
      })
  }

  /// The parameters of all layers.
  func parameterSet() throws -> ParameterSet {
    let layout = ParameterLayout(builder.build())
    var values = ParameterSet(initializing: layout, seed: 0).values
    for entry in layout.entries {
      guard let numbers = parameters[entry.name] else { continue }
      values.replaceSubrange(entry.range, with: numbers)
    }
    return try ParameterSet(layout: layout, values: values)
  }

  /// Makes the logits a vector that is the last layer.
  ///
  /// - Throws: ``ONNXError/badModel(path:expected:found:)`` for outputs that aren't one number for each class.
  mutating func finish(_ output: Feature) throws {
    let shape = try shape(output)
    var position = output.position
    if shape.rank == 3, shape[0] * shape[1] == 1, !output.isRegrouped {
      let node = ImportNode("Flatten", name: "logits", inputs: [], outputs: [])
      position = try add("logits", Flatten(), [position], node)
    } else if shape.rank != 1 || output.isRegrouped {
      throw ONNXError.badModel(
        path: file.path, expected: "one number for each class as output", found: "shape \(shape)")
    }
    guard position == builder.build().output else {
      throw ONNXError.badModel(
        path: file.path, expected: "a layer as output", found: "the image")
    }
  }
}
