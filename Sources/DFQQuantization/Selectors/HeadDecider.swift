import DFQTensor

/// A decider that scores the candidates of each site with a ``DecisionHead``.
///
/// A conforming type says where decisions are taken and which sizes the head has; the parameters,
/// scores, gradients and costs come with the protocol.
public protocol HeadDecider: BitDecider {
  /// The channel statistics that the head reads.
  var features: [ChannelStatistic] { get }
  /// The number of rows and of columns of the sampled positions.
  var positions: Int { get }
  /// The width of a hidden ReLU layer, 0 for a linear head.
  var hidden: Int { get }
}

extension HeadDecider {
  /// The head learns by the gradient of the softmax mixture of the candidates.
  public var learning: DeciderLearning { .gradient }

  /// Throws where a size is out of bounds.
  ///
  /// - Throws: ``QuantizationError/badSelector(expected:found:)``.
  public func check() throws {
    try DecisionHead.check(features: features, positions: positions, hidden: hidden)
  }

  /// The head of a site.
  public func head(at site: DecisionSite) -> DecisionHead {
    DecisionHead(
      features: site.featureCount, hidden: hidden, candidates: site.scoreCount)
  }

  /// The number of the head's parameters.
  public func parameterCount(at site: DecisionSite) -> Int { head(at: site).parameterCount }

  /// Parameters with which the highest candidate wins.
  public func initialParameters(at site: DecisionSite, seed: UInt64) -> [Float] {
    var stream = RandomStream(seed: seed, "selector", site.output)
    return head(at: site).initialParameters(&stream)
  }

  /// The number of hidden values.
  public func workspaceCount(at site: DecisionSite) -> Int { hidden }

  /// Writes the head's logits.
  public func scores(_ input: DecisionInput, into scores: UnsafeMutableBufferPointer<Float>) {
    head(at: input.site).forward(input, logits: scores)
  }

  /// Adds the head's gradient.
  public func backward(
    _ input: DecisionInput, scoreGradient: UnsafeBufferPointer<Float>,
    into gradient: UnsafeMutableBufferPointer<Float>
  ) {
    head(at: input.site).backward(input, logitGradient: scoreGradient, gradient: gradient)
  }

  /// The head's multiply-accumulate operations.
  public func macs(at site: DecisionSite) -> Int { head(at: site).macs }
}
