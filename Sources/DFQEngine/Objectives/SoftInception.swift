import DFQGraph
public import DFQTensor

/// The squared distance of the probability of an image's class to a target that need not be 1,
/// averaged over the batch: IntraQ's soft inception loss (Zhong et al., "IntraQ: Learning Synthetic
/// Images with Intra-Class Heterogeneity for Zero-Shot Network Quantization", CVPR 2022).
///
/// The other classes' probabilities have no term of their own.
public struct SoftInception: ImageObjective {
  /// The class of each image.
  public let classes: [Int]
  /// The probability that each image's class is to have.
  public let probabilities: [Float]
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "soft inception"

  /// Makes the loss at the logits' node for a class and a probability for each image.
  public init(classes: [Int], probabilities: [Float], node: Int, weight: Float = 1) {
    self.classes = classes
    self.probabilities = probabilities
    self.node = node
    self.weight = weight
  }

  /// Checks that there are a class and a probability for every image, and that the node has the
  /// classes.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)`` and
  ///   ``NetworkError/labelOutOfRange(label:classes:)``.
  public func check(batch: Int, shape: Shape) throws {
    for count in [classes.count, probabilities.count] where count != batch {
      throw NetworkError.targetShape(objective: name, expected: [batch], found: [count])
    }
    if let label = classes.first(where: { !(0..<shape.count).contains($0) }) {
      throw NetworkError.labelOutOfRange(label: label, classes: shape.count)
    }
  }

  /// The loss (p - t)^2 of one image; adds `scale` times its derivative to `gradient`.
  ///
  /// The derivative at logit j is 2 (p - t) p times 1 - p for the image's class, and times -p_j for
  /// the others.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let found = Softmax(value).probabilities
    let label = classes[image]
    let difference = found[label] - Double(probabilities[image])
    let slope = 2 * difference * found[label]
    for c in value.indices {
      gradient[c] += scale * Float(slope * ((c == label ? 1 : 0) - found[c]))
    }
    return difference * difference
  }
}
