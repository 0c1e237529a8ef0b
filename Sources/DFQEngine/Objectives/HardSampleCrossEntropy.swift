import DFQGraph
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Cross entropy whose weight grows with an image's difficulty: (1 - p)^gamma * -log p of the image's
/// class, averaged over the batch (HAST, Li et al., CVPR 2023, section 3.2).
///
/// The difficulty 1 - p is the gradient norm of GHM (Li et al., AAAI 2019). Images that the network is
/// already sure of add almost nothing, so that they do not become surer still. The weight is no
/// constant: its derivative is part of the gradient.
public struct HardSampleCrossEntropy: ImageObjective {
  /// The class of each image.
  public let classes: [Int]
  /// The exponent gamma, at least 0; with 0 the loss is the cross entropy.
  public let exponent: Float
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "hard cross entropy"

  /// Makes the loss at the logits' node for a class for each image.
  public init(classes: [Int], exponent: Float = 2, node: Int, weight: Float = 1) {
    self.classes = classes
    self.exponent = exponent
    self.node = node
    self.weight = weight
  }

  /// Checks that there is a class for every image, and that the node has it.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)`` and
  ///   ``NetworkError/labelOutOfRange(label:classes:)``.
  public func check(batch: Int, shape: Shape) throws {
    guard classes.count == batch else {
      throw NetworkError.targetShape(objective: name, expected: [batch], found: [classes.count])
    }
    if let label = classes.first(where: { !(0..<shape.count).contains($0) }) {
      throw NetworkError.labelOutOfRange(label: label, classes: shape.count)
    }
  }

  /// The loss of one image; adds `scale` times its derivative to `gradient`.
  ///
  /// With q = 1 - p the derivative at logit j is (gamma p q^(gamma - 1) log p - q^gamma) times
  /// q for the image's class, and times -p_j for the others.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let softmax = Softmax(value)
    let probabilities = softmax.probabilities
    let label = classes[image]
    let logP = softmax.logProbabilities[label]
    // The sum of the others keeps its digits where p is near 1.
    var difficulty = 0.0
    for c in probabilities.indices where c != label { difficulty += probabilities[c] }
    let gamma = Double(exponent)
    let share = pow(difficulty, gamma)
    // q^(gamma - 1) log p goes to 0 with q, for every gamma above 0.
    let atWeight =
      gamma > 0 && difficulty > 0
      ? gamma * probabilities[label] * pow(difficulty, gamma - 1) * logP : 0
    let slope = atWeight - share
    for c in value.indices {
      let direction = c == label ? difficulty : -probabilities[c]
      gradient[c] += scale * Float(slope * direction)
    }
    return -share * logP
  }
}
