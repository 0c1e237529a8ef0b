/// Parts of constants, and constants side by side.
extension ConstantFolding {
  static func gather(
    _ tensor: ONNXTensor, _ indices: ONNXTensor, _ axis: Int, _ node: ImportNode,
    _ graph: GraphImport
  ) throws -> ONNXTensor {
    func refuse(_ found: String) -> ONNXError { graph.refuse(node, "inputs that fit", found) }
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
    guard let count = ONNXTensor.count(shape, limit: graph.largestConstant) else {
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

  static func concatenate(
    _ tensors: [ONNXTensor], _ node: ImportNode, _ graph: GraphImport
  ) throws -> ONNXTensor {
    func refuse(_ found: String) -> ONNXError { graph.refuse(node, "inputs that fit", found) }
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
    guard let count = ONNXTensor.count(shape, limit: graph.largestConstant) else {
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

  static func slice(
    _ node: ImportNode, _ tensor: ONNXTensor, _ whole: (Int, String) throws -> [Int]?,
    _ graph: GraphImport
  ) throws -> ONNXTensor {
    func refuse(_ found: String) -> ONNXError { graph.refuse(node, "inputs that fit", found) }
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
      let chosen = chosen(
        from: starts[index], to: ends[index], by: steps[index], of: result.shape[axis])
      guard !chosen.isEmpty else { throw refuse("an empty slice") }
      result = try gather(
        result, ONNXTensor([chosen.count], integers: chosen), axis, node, graph)
    }
    return result
  }

  /// The places of an axis that ONNX's slice takes: bounds below 0 count from the end, and those outside are moved to it.
  static func chosen(from start: Int, to end: Int, by step: Int, of extent: Int) -> [Int] {
    // Backwards, the last element is a possible start and the place before the first one an end.
    let limits = step > 0 ? 0...extent : -1...max(extent - 1, -1)
    func bound(_ value: Int) -> Int {
      let place = value < 0 ? max(value, -1 - extent) + extent : value
      return min(max(place, limits.lowerBound), limits.upperBound)
    }
    return Array(stride(from: bound(start), to: bound(end), by: step))
  }

  /// Parts along an axis, one for each output.
  static func split(
    _ node: ImportNode, _ tensor: ONNXTensor, _ given: [Int]?, _ graph: GraphImport
  ) throws -> [ONNXTensor] {
    let axis = node.int("axis") ?? 0
    let place = axis < 0 ? axis + tensor.shape.count : axis
    guard tensor.shape.indices.contains(place) else {
      throw graph.refuse(node, "an axis of \(tensor.shape)", "axis \(axis)")
    }
    var first = 0
    return try SplitImporter.sizes(node, of: tensor.shape[place], given: given, graph).map {
      count in
      defer { first += count }
      let indices = ONNXTensor([count], integers: Array(first..<first + count))
      return try gather(tensor, indices, place, node, graph)
    }
  }
}
