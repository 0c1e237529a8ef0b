import DFQGraph
public import DFQTensor

/// The squared distance between a layer's values and targets, mean over the elements of the layer and
/// over the batch.
public struct SquaredError: ImageObjective {
  /// The targets, N followed by the layer's shape.
  public let targets: Tensor
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "squared error"

  /// Makes the loss for a node from targets of the same shape.
  public init(targets: Tensor, node: Int, weight: Float = 1) {
    self.targets = targets
    self.node = node
    self.weight = weight
  }

  /// Checks that there is a row of targets for every image.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(batch: Int, shape: Shape) throws {
    try check(targets, rowShape: shape, batch: batch)
  }

  /// The loss of one image; adds `scale` times its derivative to `gradient`.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let count = value.count
    let slope = scale * 2 / Float(count)
    return targets.elements.withUnsafeBufferPointer { all in
      let target = UnsafeBufferPointer(rebasing: all[image * count..<(image + 1) * count])
      var loss = 0.0
      // Sums of eight lanes over short stretches: as fast as the memory, and never long sums in float.
      for start in stride(from: 0, to: count, by: 1024) {
        let end = min(start + 1024, count)
        var lanes = SIMD8<Float>()
        var index = start
        while index + 8 <= end {
          var difference = SIMD8<Float>()
          for lane in 0..<8 { difference[lane] = value[index + lane] - target[index + lane] }
          lanes += difference * difference
          for lane in 0..<8 { gradient[index + lane] += slope * difference[lane] }
          index += 8
        }
        loss += Double(lanes.sum())
        while index < end {
          let difference = value[index] - target[index]
          loss += Double(difference * difference)
          gradient[index] += slope * difference
          index += 1
        }
      }
      return loss / Double(count)
    }
  }
}
