public import DFQEngine
import DFQGraph

/// One layer's term of Genie's loss on batch-norm statistics (Jeon et al., CVPR 2023): the distance of the batch's mean
/// and standard deviation from those that batch norm remembers, a mean over channels.
///
/// ```
/// 1/C Σ_c (μ_c - μ~_c)^2 + (σ_c - σ~_c)^2,   σ from the unbiased variance, σ~ = sqrt(variance + 1e-6)
/// ```
public struct DeviationStatistics: MomentObjective {
  /// The running means, C.
  public let targetMean: [Double]
  /// The running variances, C.
  public let targetVariance: [Double]
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "BN statistics"
  /// False: moments are the batch's.
  public let isPerImage = false

  /// Makes one layer's loss at the batch norm's input.
  public init(targetMean: [Double], targetVariance: [Double], node: Int, weight: Float = 1) {
    self.targetMean = targetMean
    self.targetVariance = targetVariance
    self.node = node
    self.weight = weight
  }

  /// Checks that there are running statistics for every channel.
  ///
  /// - Throws: `NetworkError.targetShape(objective:expected:found:)`.
  public func check(channels: Int) throws {
    try check([targetMean.count, targetVariance.count], channels: channels)
  }

  /// The loss and its derivatives with respect to the moments of C channels.
  public func evaluate(mean: [Double], variance: [Double], count: Int) -> MomentLoss {
    let channels = Double(mean.count)
    let unbiased = count > 1 ? Double(count) / Double(count - 1) : 1
    var loss = MomentLoss(value: 0, meanGradient: [], varianceGradient: [])
    for c in mean.indices {
      // The root of a variance of 0 has no slope.
      let deviation = max(variance[c] * unbiased, 1e-12).squareRoot()
      let dMean = mean[c] - targetMean[c]
      let dDeviation = deviation - (targetVariance[c] + 1e-6).squareRoot()
      loss.value += (dMean * dMean + dDeviation * dDeviation) / channels
      loss.meanGradient.append(2 * dMean / channels)
      loss.varianceGradient.append(dDeviation / deviation * unbiased / channels)
    }
    return loss
  }
}
