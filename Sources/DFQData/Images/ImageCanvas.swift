public import DFQFiles

/// An RGB picture to compose grids of images with labels; whatever lies outside of it is cut off.
public struct ImageCanvas: Sendable, Equatable {
  /// What has been drawn so far, H W 3.
  public private(set) var image: PixelImage

  /// A colour of 8 bits per channel.
  public struct Color: Sendable, Hashable {
    /// The intensities 0...255.
    public var red, green, blue: UInt8

    /// Makes a colour from its intensities.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    /// Full intensity.
    public static let white = Color(red: 255, green: 255, blue: 255)
    /// No intensity.
    public static let black = Color(red: 0, green: 0, blue: 0)
    /// The mean of both.
    public static let gray = Color(red: 128, green: 128, blue: 128)
  }

  /// A rectangle of whole pixels.
  public struct Rectangle: Sendable, Hashable {
    /// The first row and column; both may be negative.
    public var top, left: Int
    /// The extents in pixels.
    public var height, width: Int

    /// Makes a rectangle from its first row and column and its extents.
    public init(top: Int, left: Int, height: Int, width: Int) {
      self.top = top
      self.left = left
      self.height = height
      self.width = width
    }
  }

  /// Makes a canvas of one colour.
  public init(height: Int, width: Int, background: Color = .white) {
    image = PixelImage(height: height, width: width, channels: 3, repeating: 0)
    fill(Rectangle(top: 0, left: 0, height: height, width: width), with: background)
  }

  /// Paints a rectangle.
  public mutating func fill(_ rectangle: Rectangle, with color: Color) {
    let rows = Self.overlap(rectangle.top, rectangle.height, image.height)
    let columns = Self.overlap(rectangle.left, rectangle.width, image.width)
    for row in rows { for column in columns { set(row, column, color) } }
  }

  /// Draws an image, gray or RGB, with its first pixel at a row and a column, every pixel as a
  /// square of `scale`.
  public mutating func draw(
    _ source: PixelImage, at place: (top: Int, left: Int), scale: Int = 1
  ) {
    precondition(scale > 0, "a scale must be positive")
    for row in Self.overlap(place.top, source.height * scale, image.height) {
      for column in Self.overlap(place.left, source.width * scale, image.width) {
        let (y, x) = ((row - place.top) / scale, (column - place.left) / scale)
        let last = source.channels - 1
        set(
          row, column,
          Color(
            red: source[y, x, 0], green: source[y, x, min(1, last)],
            blue: source[y, x, last]))
      }
    }
  }

  /// Paints one pixel, which must lie inside.
  private mutating func set(_ row: Int, _ column: Int, _ color: Color) {
    let start = (row * image.width + column) * 3
    image.pixels[start] = color.red
    image.pixels[start + 1] = color.green
    image.pixels[start + 2] = color.blue
  }

  /// The positions of start..<start + count that lie in 0..<limit.
  private static func overlap(_ start: Int, _ count: Int, _ limit: Int) -> Range<Int> {
    let first = min(max(start, 0), limit)
    return first..<max(first, min(start + count, limit))
  }
}
