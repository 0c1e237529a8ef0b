import DFQGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One layer's term of a batch-norm statistics loss with slack, and with layers that count more for
/// some images: DSG's distribution alignment and layerwise enhancement (Zhang et al., "Diversifying
/// Sample Generation for Accurate Data-Free Quantization", CVPR 2021).
///
/// For one image it is e * sum over channels of max(|mu - mu_BN| - delta, 0)^2 +
/// max(|sigma - sigma_BN| - gamma, 0)^2, where mu and sigma are the image's mean and standard deviation
/// (unbiased, 1e-6 under the root), and e is the enhancement for the images that enhance this layer,
/// else 1. Without slack and enhancement it is ZeroQ's term.
public struct SlackStatistics: MomentObjective {
  /// The running means, C.
  public let targetMean: [Double]
  /// The running variances, C.
  public let targetVariance: [Double]
  /// The margin delta, within which a mean costs nothing.
  public let meanMargin: Double
  /// The margin gamma, within which a standard deviation costs nothing.
  public let deviationMargin: Double
  /// The images, counted within the batch, for which this layer counts more.
  public let enhancedImages: Set<Int>
  /// How much more it counts for them: a factor of the loss.
  public let enhancement: Double
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "slack statistics"
  /// Moments are taken image by image.
  public let isPerImage = true

  /// Makes one layer's loss at the batch norm's input.
  public init(
    targetMean: [Double], targetVariance: [Double], meanMargin: Double = 0,
    deviationMargin: Double = 0, enhancedImages: Set<Int> = [], enhancement: Double = 1, node: Int,
    weight: Float = 1
  ) {
    self.targetMean = targetMean
    self.targetVariance = targetVariance
    self.meanMargin = meanMargin
    self.deviationMargin = deviationMargin
    self.enhancedImages = enhancedImages
    self.enhancement = enhancement
    self.node = node
    self.weight = weight
  }

  /// Checks that there are running statistics for every channel.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(channels: Int) throws {
    try check([targetMean.count, targetVariance.count], channels: channels)
  }

  /// The loss of an image that does not enhance this layer, and its derivatives.
  public func evaluate(mean: [Double], variance: [Double], count: Int) -> MomentLoss {
    evaluate(mean, variance, count, factor: 1)
  }

  /// The loss of one image and its derivatives with respect to the moments of C channels.
  public func evaluate(
    image: Int, mean: [Double], variance: [Double], count: Int
  ) -> MomentLoss {
    evaluate(
      mean, variance, count, factor: enhancedImages.contains(image) ? enhancement : 1)
  }

  private func evaluate(
    _ mean: [Double], _ variance: [Double], _ count: Int, factor: Double
  ) -> MomentLoss {
    var loss = MomentLoss(value: 0, meanGradient: [], varianceGradient: [])
    let unbiased = count > 1 ? Double(count) / Double(count - 1) : 1
    for c in mean.indices {
      let deviation = (variance[c] * unbiased + 1e-6).squareRoot()
      let atMean = SlackStatistics.excess(mean[c] - targetMean[c], meanMargin)
      let atDeviation = SlackStatistics.excess(
        deviation - (targetVariance[c] + 1e-6).squareRoot(), deviationMargin)
      loss.value += factor * (atMean * atMean + atDeviation * atDeviation)
      loss.meanGradient.append(2 * factor * atMean)
      loss.varianceGradient.append(factor * atDeviation / deviation * unbiased)
    }
    return loss
  }

  /// How far a difference lies outside of a margin, with its sign.
  private static func excess(_ difference: Double, _ margin: Double) -> Double {
    difference > margin ? difference - margin : difference < -margin ? difference + margin : 0
  }
}
