public import DFQTensor

extension PixelImage {
  /// The image as numbers 0...255, H W C.
  public var tensor: Tensor {
    Tensor(shape: [height, width, channels], elements: pixels.map { Float($0) })
  }

  /// Makes an image from numbers in 0...255, H W C with 1 or 3 channels; others are clamped, and
  /// NaN is 0.
  public init(_ tensor: Tensor) {
    precondition(tensor.shape.rank == 3, "an image has the shape H W C, not \(tensor.shape)")
    self.init(
      height: tensor.shape[0], width: tensor.shape[1], channels: tensor.shape[2],
      pixels: tensor.elements.map { value in
        value.isNaN ? 0 : UInt8(max(0, min(255, value)).rounded())
      })
  }
}
