/// A dense Float32 array with value semantics; batches of images are N H W C.
public struct Tensor: Sendable, Equatable {
  /// The extents, outermost first.
  public let shape: Shape
  /// The elements in row-major order.
  public private(set) var elements: [Float]

  /// Makes a tensor from elements in row-major order; their number must fit the shape.
  public init(shape: Shape, elements: [Float]) {
    precondition(
      elements.count == shape.count,
      "\(elements.count) elements do not fill a tensor of shape \(shape)")
    self.shape = shape
    self.elements = elements
  }

  /// Makes a tensor with every element equal to `value`.
  public init(shape: Shape, repeating value: Float = 0) {
    self.init(shape: shape, elements: [Float](repeating: value, count: shape.count))
  }

  /// The number of elements.
  public var count: Int { elements.count }

  /// The element at a position of the row-major order.
  public subscript(position: Int) -> Float {
    get { elements[position] }
    set { elements[position] = newValue }
  }

  /// The same elements under another shape with the same count.
  public func reshaped(to newShape: Shape) -> Tensor {
    Tensor(shape: newShape, elements: elements)
  }

  /// Calls `body` with the elements' memory.
  public func withUnsafeElements<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try elements.withUnsafeBufferPointer(body)
  }

  /// Calls `body` with the elements' memory, for writing.
  public mutating func withUnsafeMutableElements<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try elements.withUnsafeMutableBufferPointer { try body($0) }
  }
}
