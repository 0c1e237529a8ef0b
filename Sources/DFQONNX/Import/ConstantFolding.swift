import Foundation

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
      guard let count = ONNXTensor.count(shape, limit: ONNXLimits.foldedElements) else {
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
      return [try gather(input(0), input(1), node.int("axis") ?? 0, refuse)]
    case "Concat":
      return [try concatenate(node.inputs.indices.map { try input($0) }, node, refuse)]
    case "Slice": return [try slice(node, input(0), whole, refuse)]
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

  private static func gather(
    _ tensor: ONNXTensor, _ indices: ONNXTensor, _ axis: Int, _ refuse: (String) -> ONNXError
  ) throws -> ONNXTensor {
    let axis = axis < 0 ? axis + tensor.shape.count : axis
    guard tensor.shape.indices.contains(axis), let chosen = indices.integers else {
      throw refuse("axis \(axis)")
    }
    let extent = tensor.shape[axis]
    let places = chosen.map { $0 < 0 ? $0 + extent : $0 }
    guard places.allSatisfy((0..<max(extent, 1)).contains), extent > 0 else {
      throw refuse("indices \(chosen.prefix(8))")
    }
    let outer = tensor.shape[..<axis].reduce(1, *)
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    let shape = Array(tensor.shape[..<axis]) + indices.shape + Array(tensor.shape[(axis + 1)...])
    guard let count = ONNXTensor.count(shape, limit: ONNXLimits.foldedElements) else {
      throw refuse("shape \(shape)")
    }
    var order: [Int] = []
    order.reserveCapacity(count)
    // Without elements there may still be many places to go through.
    for o in 0..<outer where count > 0 {
      for place in places {
        let start = (o * extent + place) * inner
        order.append(contentsOf: start..<start + inner)
      }
    }
    return taking(order, of: tensor, shape)
  }

  private static func taking(_ order: [Int], of tensor: ONNXTensor, _ shape: [Int]) -> ONNXTensor {
    switch tensor.elements {
    case .floats(let values): ONNXTensor(shape, floats: order.map { values[$0] })
    case .integers(let values): ONNXTensor(shape, integers: order.map { values[$0] })
    }
  }

  private static func concatenate(
    _ tensors: [ONNXTensor], _ node: ImportNode, _ refuse: (String) -> ONNXError
  ) throws -> ONNXTensor {
    guard let first = tensors.first else { throw refuse("none") }
    let rank = first.shape.count
    let axis = (node.int("axis") ?? 0) < 0 ? (node.int("axis") ?? 0) + rank : node.int("axis") ?? 0
    guard first.shape.indices.contains(axis),
      tensors.allSatisfy({ tensor in
        tensor.shape.count == rank
          && (0..<rank).allSatisfy { $0 == axis || tensor.shape[$0] == first.shape[$0] }
      })
    else { throw refuse("shapes \(tensors.map(\.shape))") }
    var shape = first.shape
    shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
    guard let count = ONNXTensor.count(shape, limit: ONNXLimits.foldedElements) else {
      throw refuse("shape \(shape)")
    }
    let outer = count == 0 ? 0 : first.shape[..<axis].reduce(1, *)
    let integers = tensors.compactMap { tensor -> [Int]? in
      if case .integers(let values) = tensor.elements { values } else { nil }
    }
    func joined<Element>(_ lists: [[Element]]) -> [Element] {
      (0..<outer).flatMap { o in
        lists.flatMap { list in list[o * (list.count / outer)..<(o + 1) * (list.count / outer)] }
      }
    }
    return integers.count == tensors.count
      ? ONNXTensor(shape, integers: joined(integers))
      : ONNXTensor(shape, floats: joined(tensors.map(\.floats)))
  }

  private static func slice(
    _ node: ImportNode, _ tensor: ONNXTensor, _ whole: (Int, String) throws -> [Int]?,
    _ refuse: (String) -> ONNXError
  ) throws -> ONNXTensor {
    let starts = try whole(1, "starts") ?? []
    let ends = try whole(2, "ends") ?? []
    let axes = try whole(3, "axes") ?? Array(starts.indices)
    let steps = try whole(4, "steps") ?? [Int](repeating: 1, count: starts.count)
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw refuse("\(starts), \(ends), \(axes), \(steps)")
    }
    guard axes.count <= tensor.shape.count else { throw refuse("\(axes.count) axes") }
    var result = tensor
    for index in axes.indices {
      let axis = axes[index] < 0 ? axes[index] + result.shape.count : axes[index]
      guard result.shape.indices.contains(axis), steps[index] != 0 else {
        throw refuse("axis \(axes[index]), step \(steps[index])")
      }
      let extent = result.shape[axis]
      // Backwards, the last element is a possible start and the place before the first one an end.
      let limits = steps[index] > 0 ? 0...extent : -1...max(extent - 1, -1)
      func bound(_ value: Int) -> Int {
        let place = value < 0 ? max(value, -1 - extent) + extent : value
        return min(max(place, limits.lowerBound), limits.upperBound)
      }
      let chosen = Array(
        stride(from: bound(starts[index]), to: bound(ends[index]), by: steps[index]))
      guard !chosen.isEmpty else { throw refuse("an empty slice") }
      result = try gather(
        result, ONNXTensor([chosen.count], integers: chosen), axis, refuse)
    }
    return result
  }

  /// Numbers of one shape, or one number with many.
  private static func combine(
    _ operation: String, _ first: ONNXTensor, _ second: ONNXTensor,
    _ refuse: (String) -> ONNXError
  ) throws -> ONNXTensor {
    let shape = first.count >= second.count ? first.shape : second.shape
    let count = max(first.count, second.count)
    guard first.shape == second.shape || min(first.count, second.count) == 1 else {
      throw refuse("shapes \(first.shape) and \(second.shape)")
    }
    func pairs<Element>(_ a: [Element], _ b: [Element]) -> [(Element, Element)] {
      (0..<count).map { (a[a.count == 1 ? 0 : $0], b[b.count == 1 ? 0 : $0]) }
    }
    if case .integers(let a) = first.elements, case .integers(let b) = second.elements {
      return ONNXTensor(
        shape,
        integers: try pairs(a, b).map { left, right in
          let (value, overflow): (Int, Bool)
          switch operation {
          case "Add": (value, overflow) = left.addingReportingOverflow(right)
          case "Sub": (value, overflow) = left.subtractingReportingOverflow(right)
          case "Mul": (value, overflow) = left.multipliedReportingOverflow(by: right)
          case "Div": (value, overflow) = left.dividedReportingOverflow(by: right)
          case "Min": (value, overflow) = (min(left, right), false)
          case "Max": (value, overflow) = (max(left, right), false)
          default: (value, overflow) = (0, true)
          }
          guard !overflow else { throw refuse("\(left) and \(right)") }
          return value
        })
    }
    return ONNXTensor(
      shape,
      floats: pairs(first.floats, second.floats).map { left, right in
        switch operation {
        case "Add": left + right
        case "Sub": left - right
        case "Mul": left * right
        case "Div": left / right
        case "Min": min(left, right)
        case "Max": max(left, right)
        default: Foundation.pow(left, right)
        }
      })
  }

  private static func map(_ operation: String, _ tensor: ONNXTensor) -> ONNXTensor {
    if case .integers(let values) = tensor.elements, ["Floor", "Ceil"].contains(operation) {
      return ONNXTensor(tensor.shape, integers: values)
    }
    return ONNXTensor(
      tensor.shape,
      floats: tensor.floats.map { value in
        switch operation {
        case "Sqrt": value.squareRoot()
        case "Neg": -value
        case "Floor": value.rounded(.down)
        case "Ceil": value.rounded(.up)
        case "Exp": Foundation.exp(value)
        case "Reciprocal": 1 / value
        default: abs(value)
        }
      })
  }
}
