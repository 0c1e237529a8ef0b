/// Nodes whose outputs don't depend on the image: arithmetic on shapes, and changes of weights.
enum ConstantFolding {
  /// The outputs of a node of constants; nil for an operator that isn't folded.
  ///
  /// - Throws: ``ONNXError/badNode(path:node:expected:found:)`` for inputs that don't fit.
  static func outputs(_ node: ImportNode, _ graph: GraphImport) throws -> [ONNXTensor]? {
    func refuse(_ found: String) -> ONNXError { graph.refuse(node, "inputs that fit", found) }
    func input(_ place: Int) throws -> ONNXTensor {
      try graph.demandConstant(node, place, "numbers")
    }
    func whole(_ place: Int, _ attribute: String) throws -> [Int]? {
      if let values = node.ints(attribute) { return values }
      return node.hasInput(place) ? try input(place).integers : nil
    }
    func places(_ list: [Int], _ rank: Int) throws -> [Int] {
      let places = list.map { $0 < 0 ? $0 + rank : $0 }
      guard places.allSatisfy((0..<rank).contains) else { throw refuse("axes \(list)") }
      return places
    }
    switch node.operation {
    case "Constant": return [try constant(node, graph)]
    case "ConstantOfShape":
      let shape = try input(0).integers ?? []
      guard let count = ONNXTensor.count(shape, limit: graph.largestConstant) else {
        throw refuse("shape \(shape)")
      }
      guard let value = try node.attributes["value"].map({ try graph.file.tensor($0.t) }) else {
        return [ONNXTensor(shape, floats: [Float](repeating: 0, count: count))]
      }
      guard value.count == 1 else { throw refuse("\(value.count) values") }
      if case .integers(let values) = value.elements {
        return [ONNXTensor(shape, integers: [Int](repeating: values[0], count: count))]
      }
      return [ONNXTensor(shape, floats: [Float](repeating: value.floats[0], count: count))]
    case "Identity", "Dropout": return [try input(0)]
    case "Cast":
      let type = node.int("to") ?? 1
      let isFloat = [1, 10, 11, 16].contains(type)
      let tensor = try input(0)
      if isFloat { return [ONNXTensor(tensor.shape, floats: tensor.floats)] }
      if case .integers = tensor.elements { return [tensor] }
      let numbers = try tensor.floats.map { value in
        guard let number = Int(exactly: value.rounded(.towardZero)) else {
          throw refuse("\(value)")
        }
        return number
      }
      return [ONNXTensor(tensor.shape, integers: numbers)]
    case "Shape":
      let shape = try input(0).shape
      return [ONNXTensor([shape.count], integers: shape)]
    case "Size": return [ONNXTensor([], integers: [try input(0).count])]
    case "Transpose":
      let tensor = try input(0)
      let rank = tensor.shape.count
      let order = try places(node.ints("perm") ?? (0..<rank).reversed(), rank)
      guard order.sorted() == Array(0..<rank) else { throw refuse("order \(order)") }
      return [tensor.transposed(order)]
    case "Reshape":
      let tensor = try input(0)
      var shape = try input(1).integers ?? []
      for place in shape.indices where shape[place] == 0 && place < tensor.shape.count {
        shape[place] = tensor.shape[place]
      }
      if let place = shape.firstIndex(of: -1) {
        let known = ONNXTensor.count(
          shape.enumerated().filter { $0.offset != place }.map(\.element))
        guard let known, known > 0, tensor.count.isMultiple(of: known) else {
          throw refuse("shape \(shape)")
        }
        shape[place] = tensor.count / known
      }
      guard ONNXTensor.count(shape) == tensor.count else { throw refuse("shape \(shape)") }
      return [tensor.reshaped(shape)]
    case "Squeeze":
      let tensor = try input(0)
      let rank = tensor.shape.count
      let axes =
        try whole(1, "axes").map { try places($0, rank) }
        ?? tensor.shape.indices.filter { tensor.shape[$0] == 1 }
      guard axes.allSatisfy({ tensor.shape[$0] == 1 }) else { throw refuse("\(tensor.shape)") }
      return [
        tensor.reshaped(tensor.shape.indices.filter { !axes.contains($0) }.map { tensor.shape[$0] })
      ]
    case "Unsqueeze":
      let tensor = try input(0)
      let new = try whole(1, "axes") ?? []
      let rank = tensor.shape.count + new.count
      guard rank <= ONNXLimits.rank else { throw refuse("\(rank) axes") }
      let axes = Set(try places(new, rank))
      guard axes.count == new.count else { throw refuse("axes \(new)") }
      var rest = tensor.shape[...]
      return [tensor.reshaped((0..<rank).map { axes.contains($0) ? 1 : rest.removeFirst() })]
    case "Gather":
      return [try gather(input(0), input(1), node.int("axis") ?? 0, node, graph)]
    case "Concat":
      return [try concatenate(node.inputs.indices.map { try input($0) }, node, graph)]
    case "Slice": return [try slice(node, input(0), whole, graph)]
    case "Split": return try split(node, input(0), whole(1, "split"), graph)
    case "Add", "Sub", "Mul", "Div", "Min", "Max", "Pow":
      return [try combine(node.operation, input(0), input(1), refuse)]
    case "Sqrt", "Neg", "Floor", "Ceil", "Exp", "Reciprocal", "Abs":
      return [try map(node.operation, input(0))]
    default: return nil
    }
  }

  private static func constant(_ node: ImportNode, _ graph: GraphImport) throws -> ONNXTensor {
    if let value = node.attributes["value"] { return try graph.file.tensor(value.t) }
    if let value = node.float("value_float") { return ONNXTensor([], floats: [value]) }
    if let value = node.int("value_int") { return ONNXTensor([], integers: [value]) }
    if let list = node.attributes["value_floats"] {
      return ONNXTensor([list.floats.count], floats: list.floats)
    }
    if let list = node.ints("value_ints") { return ONNXTensor([list.count], integers: list) }
    throw graph.refuse(node, "numbers", "\(node.attributes.keys.sorted())")
  }
}
