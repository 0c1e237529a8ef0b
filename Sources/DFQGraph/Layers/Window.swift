import DFQTensor

/// The arithmetic that windows sliding over a feature map share.
enum Window {
  /// The largest extent, stride, padding or dilation a layer accepts.
  static let limit = 1 << 20

  /// Returns the output's height and width for windows of a size.
  ///
  /// - Throws: ``LayerError`` where a setting is out of bounds or no window fits.
  static func output(
    of map: Shape, kernel: Size2D, stride: Size2D, padding: Padding,
    dilation: Size2D = Size2D(1), what: String
  ) throws -> Size2D {
    guard kernel.isWithin(1...limit), stride.isWithin(1...limit), padding.isWithin(0...limit),
      dilation.isWithin(1...limit)
    else {
      throw LayerError(
        expected: "a kernel, stride and dilation from 1 and padding from 0 to \(limit)",
        found: "kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation)")
    }
    func extent(_ input: Int, _ around: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int?
    {
      let room = input + around - (dilation * (kernel - 1) + 1)
      return room < 0 ? nil : room / stride + 1
    }
    guard
      let height = extent(
        map[0], padding.top + padding.bottom, kernel.height, stride.height, dilation.height),
      let width = extent(
        map[1], padding.left + padding.right, kernel.width, stride.width, dilation.width)
    else {
      throw LayerError(expected: "an input at least as large as \(what)", found: map.description)
    }
    return Size2D(height: height, width: width)
  }
}

extension [Shape] {
  /// The only input's shape.
  ///
  /// - Throws: ``LayerError`` where there is another number of inputs.
  func one() throws -> Shape {
    guard count == 1 else { throw LayerError(expected: "one input", found: "\(count)") }
    return self[0]
  }

  /// The shape C of a parameter with one number for each channel of the first input.
  var lastChannels: Shape { [self[0].dimensions.last ?? 1] }

  /// The only input's shape, which must be H W C.
  ///
  /// - Throws: ``LayerError`` where it isn't.
  func map() throws -> Shape {
    let shape = try one()
    guard shape.rank == 3, shape.count > 0 else {
      throw LayerError(expected: "a map H W C", found: shape.description)
    }
    return shape
  }
}
