public import DFQTensor

/// The differences of neighbouring pixels, which are small in smooth images: the image prior of
/// DeepInversion (Yin et al., "Dreaming to Distill", CVPR 2020), as its official code has it.
///
/// It is the sum over four directions (right, down and the two diagonals) of the l2 norm of all
/// differences of the whole batch. It grows with the root of the number of images.
public struct TotalVariation: PixelObjective {
  /// The loss's name in logs.
  public let name = "total variation"
  /// The factor of the loss in the total.
  public let weight: Float
  /// By how many rows and columns images are rolled before the differences are taken, so that the
  /// borders that have no difference across them lie elsewhere in each step.
  public let offset: Int

  /// Makes the loss.
  public init(weight: Float, offset: Int = 0) {
    self.weight = weight
    self.offset = offset
  }

  /// A direction: the rows and columns from a pixel to the two whose difference is taken.
  private static let directions = [
    (first: (0, 0), second: (0, 1)), (first: (0, 0), second: (1, 0)),
    (first: (1, 0), second: (0, 1)), (first: (0, 0), second: (1, 1)),
  ]

  /// The loss of images N H W C and its gradient.
  public func evaluate(
    images: Tensor, context: ExecutionContext
  ) -> (loss: Double, gradient: Tensor) {
    let (count, height, width) = (images.shape[0], images.shape[1], images.shape[2])
    let channels = images.shape[3]
    let rows = TotalVariation.places(height, offset)
    let columns = TotalVariation.places(width, offset)
    var gradient = Tensor(shape: images.shape)
    var loss = 0.0
    images.withUnsafeElements { source in
      gradient.withUnsafeMutableElements { target in
        /// Calls `body` with the places of the first channels of all pairs of a direction.
        func forEachPair(
          _ direction: (first: (Int, Int), second: (Int, Int)), _ body: (Int, Int) -> Void
        ) {
          let (first, second) = direction
          for image in 0..<count {
            for y in 0..<max(height - max(first.0, second.0), 0) {
              let upper = (image * height + rows[y + first.0]) * width
              let lower = (image * height + rows[y + second.0]) * width
              for x in 0..<max(width - max(first.1, second.1), 0) {
                body(
                  (upper + columns[x + first.1]) * channels,
                  (lower + columns[x + second.1]) * channels)
              }
            }
          }
        }
        for direction in TotalVariation.directions {
          var squares = 0.0
          forEachPair(direction) { first, second in
            for c in 0..<channels {
              let difference = Double(source[first + c] - source[second + c])
              squares += difference * difference
            }
          }
          let norm = squares.squareRoot()
          loss += norm
          guard norm > 0 else { continue }
          let factor = Float(1 / norm)
          forEachPair(direction) { first, second in
            for c in 0..<channels {
              let slope = factor * (source[first + c] - source[second + c])
              target[first + c] += slope
              target[second + c] -= slope
            }
          }
        }
      }
    }
    return (loss, gradient)
  }

  /// Where the rows of a rolled image come from.
  private static func places(_ size: Int, _ offset: Int) -> [Int] {
    (0..<size).map { (($0 - offset) % size + size) % size }
  }
}
