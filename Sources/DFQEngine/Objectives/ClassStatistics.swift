import DFQGraph

/// One layer's distance of each image's moments to those of its class: the mean over channels of
/// (mu - m_y)^2 + (sigma^2 - s_y)^2, with the image's own mean and biased variance, averaged over the
/// batch.
///
/// It is the distance to a calibration centre that TexQ's generator has (Chen et al., "TexQ: Zero-shot
/// Network Quantization with Texture Feature Distribution Calibration", NeurIPS 2023).
public struct ClassStatistics: MomentObjective {
  /// The means m of each class, C each; nil for a class without a centre, whose images have no term.
  public let means: [[Double]?]
  /// The variances s of each class, C each.
  public let variances: [[Double]?]
  /// The class of each image.
  public let classes: [Int]
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "class statistics"
  /// Moments are taken image by image.
  public let isPerImage = true

  /// Makes one layer's loss; there are as many means as variances.
  public init(
    means: [[Double]?], variances: [[Double]?], classes: [Int], node: Int, weight: Float = 1
  ) {
    self.means = means
    self.variances = variances
    self.classes = classes
    self.node = node
    self.weight = weight
  }

  /// Checks that every image's class has a place and every centre a value for every channel.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)`` and
  ///   ``NetworkError/labelOutOfRange(label:classes:)``.
  public func check(channels: Int) throws {
    guard means.count == variances.count else {
      throw NetworkError.targetShape(
        objective: name, expected: [means.count], found: [variances.count])
    }
    if let label = classes.first(where: { !means.indices.contains($0) }) {
      throw NetworkError.labelOutOfRange(label: label, classes: means.count)
    }
    for (mean, variance) in zip(means, variances) {
      for count in [mean?.count ?? channels, variance?.count ?? channels] where count != channels {
        throw NetworkError.targetShape(objective: name, expected: [channels], found: [count])
      }
    }
  }

  /// The loss of the first image.
  public func evaluate(mean: [Double], variance: [Double], count: Int) -> MomentLoss {
    evaluate(image: 0, mean: mean, variance: variance, count: count)
  }

  /// The loss of one image and its derivatives with respect to the moments of C channels.
  public func evaluate(
    image: Int, mean: [Double], variance: [Double], count: Int
  ) -> MomentLoss {
    let channels = Double(mean.count)
    var loss = MomentLoss(
      value: 0, meanGradient: [Double](repeating: 0, count: mean.count),
      varianceGradient: [Double](repeating: 0, count: mean.count))
    guard classes.indices.contains(image), let targets = means[classes[image]],
      let spreads = variances[classes[image]]
    else { return loss }
    for c in mean.indices {
      let (atMean, atVariance) = (mean[c] - targets[c], variance[c] - spreads[c])
      loss.value += (atMean * atMean + atVariance * atVariance) / channels
      loss.meanGradient[c] = 2 * atMean / channels
      loss.varianceGradient[c] = 2 * atVariance / channels
    }
    return loss
  }
}
