import DFQGraph
public import DFQTensor

/// A hinge that keeps the cosine distance of an image's features to its class's centre between two
/// margins, averaged over the images whose class has a centre: IntraQ's marginal distance constraint
/// (Zhong et al., "IntraQ", CVPR 2022).
///
/// With d = 1 - cos(f, c) the loss of an image is max(lower - d, 0) + max(d - upper, 0): images are
/// neither copies of their class's centre nor strangers to it.
public struct MarginalDistance: ImageObjective {
  /// The centre of each image's class, D each; nil where the class has none yet.
  public let centres: [[Float]?]
  /// The margin lambda_l below which an image is too near to the centre.
  public let lower: Float
  /// The margin lambda_u above which an image is too far from the centre.
  public let upper: Float
  /// The position of the node whose output the loss reads: the features that the classifier reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "marginal distance"
  /// The number of images over that of images with a centre: the engine averages over all images.
  private let share: Double

  /// Makes the loss for a centre, or none, for each image.
  public init(centres: [[Float]?], lower: Float, upper: Float, node: Int, weight: Float = 1) {
    self.centres = centres
    self.lower = lower
    self.upper = upper
    self.node = node
    self.weight = weight
    let count = centres.count { $0 != nil }
    share = count > 0 ? Double(centres.count) / Double(count) : 0
  }

  /// Checks that every image has a centre or none, and that centres have the features' width.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(batch: Int, shape: Shape) throws {
    guard centres.count == batch else {
      throw NetworkError.targetShape(objective: name, expected: [batch], found: [centres.count])
    }
    for case let centre? in centres where centre.count != shape.count {
      throw NetworkError.targetShape(objective: name, expected: shape, found: [centre.count])
    }
  }

  /// The loss of one image; adds `scale` times its derivative to `gradient`.
  ///
  /// The derivative of cos(f, c) at f is (c / |c| - cos f / |f|) / |f|.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    guard let centre = centres[image] else { return 0 }
    var (inner, squares, centreSquares) = (0.0, 0.0, 0.0)
    for place in value.indices {
      let (x, c) = (Double(value[place]), Double(centre[place]))
      inner += x * c
      squares += x * x
      centreSquares += c * c
    }
    let norms = (max(squares.squareRoot(), 1e-6), max(centreSquares.squareRoot(), 1e-6))
    let cosine = inner / (norms.0 * norms.1)
    let distance = 1 - cosine
    let (near, far) = (Double(lower) - distance, distance - Double(upper))
    // dLoss/dCosine.
    let slope = share * ((near > 0 ? 1 : 0) - (far > 0 ? 1 : 0))
    if slope != 0 {
      for place in value.indices {
        let (x, c) = (Double(value[place]), Double(centre[place]))
        let derivative = (c / norms.1 - cosine * x / norms.0) / norms.0
        gradient[place] += scale * Float(slope * derivative)
      }
    }
    return share * (max(near, 0) + max(far, 0))
  }
}
