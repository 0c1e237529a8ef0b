import DFQTensor

/// One decision per layer, from the layer's output before it is quantized.
///
/// A linear map or one hidden layer turns channel statistics into logits (CADyQ, Hong et al. 2022,
/// section 3).
public struct PerLayerSelector: BitDecider {
  /// Its name in files.
  public static var kind: String { "perLayer" }
  /// It learns by the gradient of the softmax mixture.
  public var learning: DeciderLearning { .gradient }

  /// The channel statistics that it looks at.
  public let features: [ChannelStatistic]
  /// The rows and columns of the sampled positions.
  public let positions: Int
  /// The width of a hidden ReLU layer, 0 for a linear selector.
  public let hidden: Int

  /// Makes a selector.
  public init(
    features: [ChannelStatistic] = [.deviation], positions: Int = 4, hidden: Int = 0
  ) {
    self.features = ChannelStatistic.allCases.filter { features.contains($0) }
    self.positions = positions
    self.hidden = hidden
  }

  /// Throws where a size is out of bounds.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func check() throws {
    try DecisionHead.check(features: features, positions: positions, hidden: hidden)
  }

  /// A decision at every output whose bits can be chosen, about this output.
  public func sites(in setting: DecisionSetting) -> [DecisionSite] {
    setting.outputs.filter(\.isDynamic).map { output in
      DecisionSite(
        at: output, governs: [output.index], candidates: output.bits, statistics: features,
        positions: positions)
    }
  }

  private func head(_ site: DecisionSite) -> DecisionHead {
    DecisionHead(
      features: site.featureCount, hidden: hidden, candidates: site.candidates.count)
  }

  /// The number of the head's parameters.
  public func parameterCount(at site: DecisionSite) -> Int { head(site).parameterCount }

  /// Parameters with which the highest candidate wins.
  public func initialParameters(at site: DecisionSite, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, "selector", site.output)
    return head(site).initialParameters(&stream)
  }

  /// The hidden values.
  public func workspaceCount(at site: DecisionSite) -> Int { hidden }

  /// The head's logits.
  public func scores(_ input: DecisionInput, into scores: UnsafeMutableBufferPointer<Float>) {
    head(input.site).forward(input, logits: scores)
  }

  /// The head's gradient.
  public func backward(
    _ input: DecisionInput, scoreGradient: UnsafeBufferPointer<Float>,
    into gradient: UnsafeMutableBufferPointer<Float>
  ) {
    head(input.site).backward(input, logitGradient: scoreGradient, gradient: gradient)
  }

  /// The head's multiply-accumulate operations.
  public func macs(at site: DecisionSite) -> Int { head(site).macs }
}
