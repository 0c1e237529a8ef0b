extension Tensor {
  /// The extent of the outermost dimension: the number of images in a batch, of rows in a matrix.
  public var rowCount: Int { shape.rank == 0 ? 1 : shape[0] }

  /// The shape of one row: all extents but the outermost.
  public var rowShape: Shape { Shape(Array(shape.dimensions.dropFirst())) }

  /// One row (an image of a batch, a row of a matrix).
  public func row(_ index: Int) -> Tensor {
    let size = rowShape.count
    return Tensor(shape: rowShape, elements: Array(elements[index * size..<(index + 1) * size]))
  }

  /// The rows in a range, as a smaller batch.
  public func rows(_ range: Range<Int>) -> Tensor {
    let size = rowShape.count
    return Tensor(
      shape: Shape([range.count] + rowShape.dimensions),
      elements: Array(elements[range.lowerBound * size..<range.upperBound * size]))
  }

  /// The rows at the given indices, in their order.
  public func rows(at indices: [Int]) -> Tensor {
    let size = rowShape.count
    var result: [Float] = []
    result.reserveCapacity(indices.count * size)
    for index in indices { result.append(contentsOf: elements[index * size..<(index + 1) * size]) }
    return Tensor(shape: Shape([indices.count] + rowShape.dimensions), elements: result)
  }

  /// Replaces one row.
  public mutating func setRow(_ index: Int, to row: Tensor) {
    let size = rowShape.count
    precondition(row.count == size, "a row of shape \(row.shape) does not fit \(rowShape)")
    withUnsafeMutableElements { target in
      row.withUnsafeElements { source in
        for position in 0..<size { target[index * size + position] = source[position] }
      }
    }
  }

  /// Batches joined along the outermost dimension; all must have one row shape, and there must be
  /// one at least.
  public static func concatenating(_ batches: [Tensor]) -> Tensor {
    precondition(!batches.isEmpty, "there is nothing to concatenate")
    let rowShape = batches[0].rowShape
    precondition(batches.allSatisfy { $0.rowShape == rowShape }, "the rows differ in shape")
    if batches.count == 1 { return batches[0] }
    return Tensor(
      shape: Shape([batches.reduce(0) { $0 + $1.rowCount }] + rowShape.dimensions),
      elements: batches.flatMap(\.elements))
  }

  /// The position of each row's largest element (the first of equals): the predicted classes of
  /// logits N C.
  public func argmaxOfRows() -> [Int] {
    let size = rowShape.count
    return (0..<rowCount).map { row in
      var best = 0
      for column in 1..<max(size, 1)
      where elements[row * size + column] > elements[row * size + best] {
        best = column
      }
      return best
    }
  }

  /// Whether every element is finite.
  public var isFinite: Bool { elements.allSatisfy(\.isFinite) }
}
