import DFQEngine
public import DFQTensor

/// What the images of a batch are made from while they are synthesized, and what learns in every step: their pixels, or
/// something else that gives images.
public protocol ImageParameters: Sendable {
  /// The images N H W C as they are now.
  ///
  /// - Throws: What making them throws.
  mutating func images() throws -> Tensor

  /// Learns from dLoss/dImages.
  ///
  /// - Parameters:
  ///   - gradient: The gradient at the images, N H W C.
  ///   - step: The step, from 0.
  ///   - rate: The run's learning rate, which falls at plateaus.
  ///   - context: How the work is executed.
  /// - Throws: What the optimizer and the executors throw.
  mutating func learn(gradient: Tensor, step: Int, rate: Float, context: ExecutionContext) throws
}

/// The pixels themselves, with Adam.
struct PixelParameters: ImageParameters {
  private let shape: Shape
  private var pixels: [Float]
  private var adam: Adam
  /// The bounds of each channel; nil where pixels are not clamped.
  private let bounds: [ClosedRange<Float>]?

  init(_ images: Tensor, bounds: [ClosedRange<Float>]?) {
    shape = images.shape
    pixels = images.elements
    adam = Adam(count: images.count)
    self.bounds = bounds
  }

  func images() -> Tensor { Tensor(shape: shape, elements: pixels) }

  mutating func learn(
    gradient: Tensor, step: Int, rate: Float, context: ExecutionContext
  ) throws {
    try adam.step(&pixels, gradient: gradient.elements, rate: rate, context: context)
    if let bounds { Self.clamp(&pixels, bounds) }
  }

  /// Moves values to the bounds of their channels.
  static func clamp(_ values: inout [Float], _ bounds: [ClosedRange<Float>]) {
    for place in values.indices {
      let range = bounds[place % bounds.count]
      values[place] = min(max(values[place], range.lowerBound), range.upperBound)
    }
  }
}
