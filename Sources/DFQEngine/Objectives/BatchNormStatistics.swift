public import DFQGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One layer's term of a batch-norm statistics loss: the distance between the moments of a batch
/// norm's input and its running statistics.
public struct BatchNormStatistics: MomentObjective {
  /// Which statistics are compared.
  public enum Comparison: String, Sendable, CaseIterable, Codable {
    /// The batch's mean and biased variance, averaged over channels and layers: GDFQ (Xu et al., 2020),
    /// IntraQ (Zhong et al., 2022) and later methods.
    case batchVariance
    /// Each image's mean and standard deviation (unbiased, 1e-6 under the root), summed over channels
    /// and layers and averaged over images: ZeroQ (Cai et al., 2020). The input is matched
    /// to mean 0 and deviation 1.
    case imageDeviation
  }

  /// The running means, C.
  public let targetMean: [Double]
  /// The running variances, C.
  public let targetVariance: [Double]
  /// The variant of the loss.
  public let comparison: Comparison
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "BN statistics"

  /// Makes one layer's loss at the batch norm's input.
  public init(
    targetMean: [Double], targetVariance: [Double], comparison: Comparison, node: Int, weight: Float
  ) {
    self.targetMean = targetMean
    self.targetVariance = targetVariance
    self.comparison = comparison
    self.node = node
    self.weight = weight
  }

  /// Whether moments are taken image by image.
  public var isPerImage: Bool { comparison == .imageDeviation }

  /// Checks that there are running statistics for every channel.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(channels: Int) throws {
    try check([targetMean.count, targetVariance.count], channels: channels)
  }

  /// The loss and its derivatives with respect to the moments of C channels.
  public func evaluate(mean: [Double], variance: [Double], count: Int) -> MomentLoss {
    let channels = mean.count
    var loss = MomentLoss(
      value: 0, meanGradient: [Double](repeating: 0, count: channels),
      varianceGradient: [Double](repeating: 0, count: channels))
    switch comparison {
    case .batchVariance:
      for c in 0..<channels {
        let (dMean, dVariance) = (mean[c] - targetMean[c], variance[c] - targetVariance[c])
        loss.value += (dMean * dMean + dVariance * dVariance) / Double(channels)
        loss.meanGradient[c] = 2 * dMean / Double(channels)
        loss.varianceGradient[c] = 2 * dVariance / Double(channels)
      }
    case .imageDeviation:
      let unbiased = count > 1 ? Double(count) / Double(count - 1) : 1
      for c in 0..<channels {
        let deviation = (variance[c] * unbiased + 1e-6).squareRoot()
        let dMean = mean[c] - targetMean[c]
        let dDeviation = deviation - (targetVariance[c] + 1e-6).squareRoot()
        loss.value += dMean * dMean + dDeviation * dDeviation
        loss.meanGradient[c] = 2 * dMean
        loss.varianceGradient[c] = dDeviation / deviation * unbiased
      }
    }
    return loss
  }
}

extension Network {
  /// The BN statistics loss of a network as one objective per batch norm; the total is `weight`
  /// times the loss.
  ///
  /// `shares` are the layers' factors in the place of those that the comparison has, 1 over the number
  /// of layers or 1, in the order of `graph.batchNorms`.
  ///
  /// Throws `NetworkError.missingLayers` where the network has no batch norm, and
  /// `NetworkError.targetShape` for another number of shares.
  public func batchNormStatistics(
    comparison: BatchNormStatistics.Comparison = .batchVariance, weight: Float = 1,
    shares: [Float]? = nil
  ) throws -> [any MomentObjective] {
    try checkTeacher()
    let norms = graph.batchNorms
    if let shares, shares.count != norms.count {
      throw NetworkError.targetShape(
        objective: "BN statistics", expected: [norms.count], found: [shares.count])
    }
    var objectives: [any MomentObjective] = norms.enumerated().map { place, position in
      func values(_ role: ParameterLayout.Role) -> [Double] {
        parameters.tensor(node: position, role)!.elements.map(Double.init)
      }
      return BatchNormStatistics(
        targetMean: values(.runningMean), targetVariance: values(.runningVariance),
        comparison: comparison, node: graph.nodes[position].inputs[0],
        weight: weight * (shares?[place] ?? 1)
          / (comparison == .batchVariance && shares == nil ? Float(norms.count) : 1))
    }
    if comparison == .imageDeviation {
      let channels = imageShape.dimensions.last!
      objectives.append(
        BatchNormStatistics(
          targetMean: [Double](repeating: 0, count: channels),
          targetVariance: [Double](repeating: 1, count: channels), comparison: comparison, node: 0,
          weight: weight))
    }
    return objectives
  }
}
