import DFQGraph
public import DFQTensor

/// Cross entropy between soft or one-hot labels and the softmax of the logits: the sum over classes
/// of -label * log p, averaged over the batch.
public struct CrossEntropy: ImageObjective {
  /// The labels, N C, rows summing to 1.
  public let labels: Tensor
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "cross entropy"

  /// Makes the loss at the logits' node for labels N C.
  public init(labels: Tensor, node: Int, weight: Float = 1) {
    self.labels = labels
    self.node = node
    self.weight = weight
  }

  /// Checks that there is a row of targets for every image.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(batch: Int, shape: Shape) throws {
    try check(labels, rowShape: [shape.count], batch: batch)
  }

  /// The loss of one image; adds `scale` times its derivative to `gradient`.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let softmax = Softmax(value)
    let probabilities = softmax.probabilities
    let base = image * value.count
    var mass = 0.0
    var loss = 0.0
    for c in value.indices {
      let label = Double(labels[base + c])
      mass += label
      if label != 0 { loss -= label * softmax.logProbabilities[c] }
    }
    for c in value.indices {
      gradient[c] += scale * Float(mass * probabilities[c] - Double(labels[base + c]))
    }
    return loss
  }
}

extension Tensor {
  /// One-hot labels N C of class indices; throws `NetworkError.labelOutOfRange`.
  public static func oneHot(_ classes: [Int], classCount: Int) throws -> Tensor {
    var labels = Tensor(shape: [classes.count, classCount])
    for (row, label) in classes.enumerated() {
      guard (0..<classCount).contains(label) else {
        throw NetworkError.labelOutOfRange(label: label, classes: classCount)
      }
      labels[row * classCount + label] = 1
    }
    return labels
  }
}
