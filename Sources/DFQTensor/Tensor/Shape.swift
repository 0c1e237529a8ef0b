/// The extents of a tensor, outermost first; images are N H W C, convolution weights KH KW I O.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extents, outermost first; each is at least 0.
  public let dimensions: [Int]

  /// Makes a shape from its extents, outermost first.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "a shape's extents must not be negative")
    self.dimensions = dimensions
  }

  /// Makes a shape from a literal such as `[32, 32, 3]`.
  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }

  /// The number of extents.
  public var rank: Int { dimensions.count }

  /// The number of elements (1 for a scalar's empty shape).
  public var count: Int { dimensions.reduce(1, *) }

  /// The extent at a position.
  public subscript(position: Int) -> Int { dimensions[position] }

  /// The extents joined by crosses, for messages: `32x32x3`.
  public var description: String {
    dimensions.isEmpty ? "scalar" : dimensions.map(String.init).joined(separator: "x")
  }

  /// The number of elements of untrusted extents, or nil where it overflows or passes `limit`.
  package static func checkedCount(_ dimensions: [Int], limit: Int) -> Int? {
    var count = 1
    for extent in dimensions {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= limit else { return nil }
      count = product
    }
    return count
  }
}
