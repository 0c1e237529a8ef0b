public import DFQTensor

/// The mean over a batch of the l2 norm of each image, which draws pixels to 0: an image prior of
/// DeepInversion (Yin et al., "Dreaming to Distill", CVPR 2020).
public struct ImageNorm: PixelObjective {
  /// The loss's name in logs.
  public let name = "image norm"
  /// The factor of the loss in the total.
  public let weight: Float

  /// Makes the loss.
  public init(weight: Float) { self.weight = weight }

  /// The loss of images N H W C and its gradient.
  public func evaluate(
    images: Tensor, context: ExecutionContext
  ) -> (loss: Double, gradient: Tensor) {
    let (count, size) = (images.rowCount, images.rowShape.count)
    var gradient = Tensor(shape: images.shape)
    var loss = 0.0
    images.withUnsafeElements { source in
      gradient.withUnsafeMutableElements { target in
        for image in 0..<count {
          let range = image * size..<(image + 1) * size
          var squares = 0.0
          for place in range { squares += Double(source[place]) * Double(source[place]) }
          let norm = squares.squareRoot()
          loss += norm / Double(count)
          guard norm > 0 else { continue }
          let factor = Float(1 / (norm * Double(count)))
          for place in range { target[place] = factor * source[place] }
        }
      }
    }
    return (loss, gradient)
  }
}
