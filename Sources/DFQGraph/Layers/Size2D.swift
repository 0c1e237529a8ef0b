/// A height and a width, in pixels or, for steps, in pixels per step.
public struct Size2D: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The height.
  public var height: Int
  /// The width.
  public var width: Int

  /// Creates a size from a height and a width.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Creates a square size.
  public init(_ extent: Int) {
    self.init(height: extent, width: extent)
  }

  /// The height and the width joined by a cross, such as `3x1`.
  public var description: String { "\(height)x\(width)" }

  /// Whether both extents lie in a range.
  func isWithin(_ range: ClosedRange<Int>) -> Bool {
    range.contains(height) && range.contains(width)
  }
}

/// The rows and columns added around a feature map, in pixels.
public struct Padding: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The rows above the first row.
  public var top: Int
  /// The columns left of the first column.
  public var left: Int
  /// The rows below the last row.
  public var bottom: Int
  /// The columns right of the last column.
  public var right: Int

  /// Creates padding side by side.
  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// Creates the same padding on all sides.
  public init(_ extent: Int) {
    self.init(top: extent, left: extent, bottom: extent, right: extent)
  }

  /// Creates padding before the first and after the last row and column.
  public init(before: Int, after: Int) {
    self.init(top: before, left: before, bottom: after, right: after)
  }

  /// The four sides: top, left, bottom, right.
  public var description: String { "\(top),\(left),\(bottom),\(right)" }

  /// Whether all four sides lie in a range.
  func isWithin(_ range: ClosedRange<Int>) -> Bool {
    [top, left, bottom, right].allSatisfy(range.contains)
  }
}
