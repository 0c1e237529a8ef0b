import DFQGraph

/// Enlargement by repeated pixels.
enum ResizeImporter: OperatorImporter {
  static let operators = ["Resize", "Upsample"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let input = try graph.feature(node)
    let extents = try graph.extents(input)
    let mode = node.text("mode") ?? "nearest"
    let coordinates = node.text("coordinate_transformation_mode") ?? "half_pixel"
    let nearest = node.text("nearest_mode") ?? "round_prefer_floor"
    // Both give every pixel a block of its own; others shift by half a pixel.
    let repeats =
      node.operation == "Upsample" || graph.opset < 11
      || (coordinates == "asymmetric" && nearest == "floor")
      || (coordinates == "half_pixel" && nearest == "round_prefer_floor")
    guard mode == "nearest", repeats else {
      throw graph.refuse(
        node, "repeated pixels (nearest, half_pixel or asymmetric and floor)",
        "\(mode), \(coordinates), \(nearest)")
    }
    var factors = node.attributes["scales"]?.floats ?? []
    let isOld = node.operation == "Upsample" || graph.opset < 11
    let place = isOld ? 1 : 2
    if node.hasInput(place) { factors = try graph.demandConstant(node, place, "scales").floats }
    if factors.isEmpty, node.hasInput(3) {
      let sizes = try graph.demandConstant(node, 3, "sizes").integers ?? []
      guard sizes.count == extents.count else {
        throw graph.refuse(node, "\(extents.count) sizes", "\(sizes)")
      }
      factors = zip(sizes, extents).map { Float($0) / Float($1) }
    }
    guard factors.count == extents.count, let height = input.place(.height),
      let factor = Int(exactly: factors[height]), factor >= 1,
      factors.indices.allSatisfy({
        let isPosition = input.axes[$0] == .height || input.axes[$0] == .width
        return factors[$0] == (isPosition ? Float(factor) : 1)
      })
    else { throw graph.refuse(node, "a whole factor for rows and columns", "\(factors)") }
    let position = try graph.add(node.name, Upsample(factor: factor), [input.position], node)
    graph.set(node.outputs[0], position, input.axes)
  }
}
