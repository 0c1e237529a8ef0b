import DFQGraph
public import DFQTensor

/// The squared distance of a student's class activation maps from a teacher's, mean over the map and the
/// batch (SynQ; Kim et al., ICLR 2025).
///
/// The weights alpha of the channels are constants, as in the official code: the gradient reaches the
/// value of the layer, through the cut at 0, the resizing and both ends of the normalization.
public struct ActivationMapDistance: ImageObjective {
  /// How the student's maps are made.
  public let map: ActivationMap
  /// The teacher's maps, N and the map's positions.
  public let targets: Tensor
  /// The class of each image's map; nil for the class that the student's value predicts.
  public let classes: [Int]?
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "activation maps"

  /// Makes the loss for a node of shape H W C.
  public init(
    map: ActivationMap, targets: Tensor, classes: [Int]?, node: Int, weight: Float = 50
  ) {
    self.map = map
    self.targets = targets
    self.classes = classes
    self.node = node
    self.weight = weight
  }

  /// Checks that there is a map for every image.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(batch: Int, shape: Shape) throws {
    try check(targets, rowShape: [map.size[0] * map.size[1]], batch: batch)
  }

  /// The loss of one image; adds `scale` times its derivative to `gradient`.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let alpha = map.channelWeights(classes?[image] ?? map.predictedClass(value))
    let sums = map.sums(value, alpha)
    let raw = map.resized(sums.map { max($0, 0) })
    let (found, range, lowest, highest) = map.normalized(raw)
    let count = Double(found.count)
    var loss = 0.0
    var slopes = [Double](repeating: 0, count: found.count)
    // n = (u - u_min) / r with r = u_max - u_min + epsilon: dn/du_min = (n - 1) / r, dn/du_max = -n / r.
    var (atLowest, atHighest) = (0.0, 0.0)
    for place in found.indices {
      let difference = found[place] - Double(targets[image * found.count + place])
      loss += difference * difference / count
      let slope = 2 * difference / count / range
      slopes[place] += slope
      atLowest += slope * (found[place] - 1)
      atHighest -= slope * found[place]
    }
    // A map that is constant but for rounding has no direction; its gradient would be without bounds.
    guard range > 1e-6 * raw[highest] + 2 * ActivationMap.epsilon
    else { return loss }
    slopes[lowest] += atLowest
    slopes[highest] += atHighest
    let back = map.resizedBack(slopes)
    for position in back.indices where sums[position] > 0 {
      for c in alpha.indices {
        gradient[position * alpha.count + c] += scale * Float(back[position] * alpha[c])
      }
    }
    return loss
  }
}
