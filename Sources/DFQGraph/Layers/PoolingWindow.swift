import DFQTensor

/// The window of a pooling layer.
///
/// Positions in the padding are not counted, except where a layer says so (``AveragePool``).
public struct PoolingWindow: Hashable, Sendable, Codable {
  /// The window's height and width, in pixels.
  public var kernel: Size2D
  /// The step between windows, in pixels.
  public var stride: Size2D
  /// The rows and columns added on each side, in pixels.
  public var padding: Padding

  /// Creates a window of any proportions.
  public init(kernel: Size2D, stride: Size2D, padding: Padding = Padding(0)) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  /// Creates a square window.
  public init(kernel: Int, stride: Int, padding: Int = 0) {
    self.init(kernel: Size2D(kernel), stride: Size2D(stride), padding: Padding(padding))
  }

  /// Returns the output's shape for one map.
  ///
  /// - Throws: ``LayerError`` where the window doesn't fit or may lie entirely in the padding.
  func outputShape(of inputs: [Shape]) throws -> Shape {
    let map = try inputs.map()
    guard padding.top < kernel.height, padding.bottom < kernel.height,
      padding.left < kernel.width, padding.right < kernel.width
    else {
      throw LayerError(
        expected: "padding below the window's size",
        found: "window \(kernel), padding \(padding)")
    }
    let size = try Window.output(
      of: map, kernel: kernel, stride: stride, padding: padding, what: "the window")
    return [size.height, size.width, map[2]]
  }
}
