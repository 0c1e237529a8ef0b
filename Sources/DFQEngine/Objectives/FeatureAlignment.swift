import DFQGraph
public import DFQTensor

/// The feature alignment of HAST (Li et al., 2023): the squared distance between the
/// channel-attention vectors of student and teacher at one layer, averaged over channels and batch.
///
/// Attention is the spatial mean of squares, L2-normalized over the channels.
public struct FeatureAlignment: ImageObjective {
  /// The teacher's attention vectors, N C.
  public let teacherAttention: Tensor
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "feature alignment"

  /// Makes the loss for a node of shape H W C from the teacher's values there, N H W C.
  public init(teacherFeatures: Tensor, node: Int, weight: Float = 1000) {
    let channels = teacherFeatures.shape.dimensions.last!
    var attention: [Float] = []
    teacherFeatures.elements.withUnsafeBufferPointer { all in
      let count = all.count / max(teacherFeatures.rowCount, 1)
      for image in 0..<teacherFeatures.rowCount {
        let value = UnsafeBufferPointer(rebasing: all[image * count..<(image + 1) * count])
        let squares = FeatureAlignment.meanSquares(value, channels)
        let norm = max(squares.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
        attention += squares.map { Float($0 / norm) }
      }
    }
    teacherAttention = Tensor(shape: [teacherFeatures.rowCount, channels], elements: attention)
    self.node = node
    self.weight = weight
  }

  private static func meanSquares(
    _ value: UnsafeBufferPointer<Float>, _ channels: Int
  ) -> [Double] {
    var means = [Double](repeating: 0, count: channels)
    let pixels = value.count / channels
    means.withUnsafeMutableBufferPointer { sums in
      for pixel in 0..<pixels {
        let values = UnsafeBufferPointer(
          rebasing: value[pixel * channels..<(pixel + 1) * channels])
        for c in sums.indices { sums[c] += Double(values[c]) * Double(values[c]) }
      }
      for c in sums.indices { sums[c] /= Double(pixels) }
    }
    return means
  }

  /// Checks that there is a row of targets for every image.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(batch: Int, shape: Shape) throws {
    try check(teacherAttention, rowShape: [shape.dimensions.last ?? 1], batch: batch)
  }

  /// The loss of one image; adds `scale` times its derivative to `gradient`.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let channels = teacherAttention.shape[1]
    let squares = FeatureAlignment.meanSquares(value, channels)
    let norm = max(squares.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    let attention = squares.map { $0 / norm }
    var loss = 0.0
    var attentionGradient = [Double](repeating: 0, count: channels)
    for c in 0..<channels {
      let difference = attention[c] - Double(teacherAttention[image * channels + c])
      loss += difference * difference / Double(channels)
      attentionGradient[c] = 2 * difference / Double(channels)
    }
    // d(a / |a|): project out the attention's own direction, then through the mean of squares.
    let along = zip(attentionGradient, attention).reduce(0) { $0 + $1.0 * $1.1 }
    let pixels = Double(value.count / channels)
    let factor = attention.indices.map { c in
      Float(2 * (attentionGradient[c] - along * attention[c]) / (norm * pixels))
    }
    factor.withUnsafeBufferPointer { factor in
      for start in stride(from: 0, to: value.count, by: channels) {
        let values = UnsafeBufferPointer(rebasing: value[start..<start + channels])
        let target = UnsafeMutableBufferPointer(rebasing: gradient[start..<start + channels])
        for c in factor.indices { target[c] += scale * factor[c] * values[c] }
      }
    }
    return loss
  }
}
