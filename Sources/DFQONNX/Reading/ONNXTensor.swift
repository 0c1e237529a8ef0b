/// A constant of a graph: numbers of any of ONNX's types, as floats or as whole numbers.
struct ONNXTensor: Sendable, Equatable {
  /// The elements in row-major order.
  enum Elements: Sendable, Equatable {
    case floats([Float])
    /// Whole numbers, and 0 and 1 for Booleans.
    case integers([Int])
  }

  var shape: [Int]
  var elements: Elements

  init(_ shape: [Int], floats: [Float]) {
    self.shape = shape
    elements = .floats(floats)
  }

  init(_ shape: [Int], integers: [Int]) {
    self.shape = shape
    elements = .integers(integers)
  }

  /// The number of elements.
  var count: Int {
    switch elements {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  /// The elements as floats.
  var floats: [Float] {
    switch elements {
    case .floats(let values): values
    case .integers(let values): values.map(Float.init)
    }
  }

  /// The elements as whole numbers, nil where one is none.
  var integers: [Int]? {
    switch elements {
    case .integers(let values): return values
    case .floats(let values):
      let whole = values.compactMap { Int(exactly: $0) }
      return whole.count == values.count ? whole : nil
    }
  }

  /// The only element as a float, nil where there are several.
  var scalar: Float? { count == 1 ? floats[0] : nil }

  /// The elements in another order of axes: axis `order[k]` becomes axis k.
  func transposed(_ order: [Int]) -> ONNXTensor {
    let places = ONNXTensor.places(shape, order)
    let target = order.map { shape[$0] }
    switch elements {
    case .floats(let values): return ONNXTensor(target, floats: places.map { values[$0] })
    case .integers(let values): return ONNXTensor(target, integers: places.map { values[$0] })
    }
  }

  /// The same elements in another shape of as many elements.
  func reshaped(_ shape: [Int]) -> ONNXTensor {
    var result = self
    result.shape = shape
    return result
  }

  /// For every element of the transposed tensor in its order, the place of the original.
  static func places(_ shape: [Int], _ order: [Int]) -> [Int] {
    if shape.contains(0) { return [] }
    let steps = strides(shape)
    var places = [0]
    for axis in order {
      let own = (0..<shape[axis]).map { $0 * steps[axis] }
      places = places.flatMap { place in own.map { place + $0 } }
    }
    return places
  }

  /// The distances of neighbours along each axis.
  static func strides(_ shape: [Int]) -> [Int] {
    var steps = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      steps[axis] = steps[axis + 1] * shape[axis + 1]
    }
    return steps
  }

  /// The product of extents, nil where one is negative or the product exceeds a limit.
  ///
  /// An extent of 0 hides no others: the product of any extents of an accepted shape is within the limit.
  static func count(_ shape: [Int], limit: Int = ONNXLimits.elements) -> Int? {
    guard shape.count <= ONNXLimits.rank else { return nil }
    var count = 1
    for extent in shape {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow, product <= limit else { return nil }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }
}
