public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Cross-layer equalization: the ranges of a channel's weights in two consecutive layers become the
/// same (Nagel et al., ICCV 2019, section 4.1).
///
/// A channel i between two layers is scaled by s_i, the weights that read it by 1 / s_i; through ReLU
/// the network computes the same. With r1_i and r2_i the ranges of the weights that make and that read
/// the channel, s_i = sqrt(r2_i / r1_i) makes both sqrt(r1_i r2_i). Pairs that share a
/// layer are visited again until no factor differs from 1.
///
/// Batch norms are folded first: weights are multiplied with gamma / sqrt(variance + epsilon). The
/// norm stays in the graph with a factor of 1, and holds mean and deviation of its output as before.
public struct Equalization: DataFreeTransform {
  /// Its name in recipes and checkpoints.
  public static var kind: String { "equalization" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "A channel has the same range in the weights that make it and in those that read it.",
    cost: 0,
    reference: .init(
      "Nagel et al.",
      "Data-Free Quantization Through Weight Equalization and Bias Correction", "ICCV", 2019),
    formula: "s = sqrt(r2 / r1); W1 s, W2 / s", page: "NagelDFQ",
    notes: ["Made for one scale per layer and for depthwise convolutions."])

  /// What the range of a channel's weights is.
  public enum Span: String, Sendable, Codable, CaseIterable {
    /// The largest magnitude; for symmetric grids, as in the paper.
    case magnitude
    /// The largest minus the smallest weight; for asymmetric grids.
    case extent
  }

  /// What the range of a channel's weights is.
  public var span: Span
  /// The most visits of each pair.
  public var rounds: Int

  /// Makes the transform.
  public init(span: Span = .magnitude, rounds: Int = 100) {
    self.span = span
    self.rounds = rounds
  }

  /// Throws for fewer than one round.
  public func check() throws {
    try demand((1...10_000).contains(rounds), "1...10000 rounds", rounds)
  }

  /// Returns the equalized network, which computes what the given one does.
  public func transformed(
    _ network: Network, for quantizer: Quantizer, context: ExecutionContext
  ) throws -> TransformedNetwork {
    try refuseReLU6(network)
    var edit = EditableNetwork(network)
    edit.foldNorms()
    let pairs = ScalableChannels(network.graph).pairs.filter { edit.layer(of: $0.source) != nil }
    var used = 0
    for _ in 0..<rounds {
      used += 1
      var change = 0.0
      for pair in pairs { change = max(change, equalize(pair, &edit)) }
      if change < 1e-6 { break }
    }
    return TransformedNetwork(
      network: try edit.edited(),
      notes: ["\(pairs.count) pairs of layers, \(used) rounds"])
  }

  /// Equalizes the channels of a pair; returns the largest |s - 1|.
  private func equalize(_ pair: ChannelPair, _ edit: inout EditableNetwork) -> Double {
    guard let layer = edit.layer(of: pair.source), let first = edit.weights(layer),
      let second = edit.weights(pair.consumer)
    else { return 0 }
    var change = 0.0
    for channel in pair.channels {
      let made = range(first.positions(output: channel.output), edit)
      let read = range(channel.inputs.flatMap { second.positions(input: $0) }, edit)
      // A channel that is never made or never read has no range to share.
      guard made > 0, read > 0 else { continue }
      let factor = min(max((read / made).squareRoot(), 1e-8), 1e8)
      edit.scaleOutput(of: pair.source, channel.output, by: factor)
      for input in channel.inputs { edit.scaleInput(of: pair.consumer, input, by: 1 / factor) }
      change = max(change, abs(factor - 1))
    }
    return change
  }

  private func range(_ positions: [Int], _ edit: EditableNetwork) -> Double {
    switch span {
    case .magnitude: positions.reduce(0) { max($0, abs(edit.values[$1])) }
    case .extent:
      (positions.map { edit.values[$0] }.max() ?? 0)
        - (positions.map { edit.values[$0] }.min() ?? 0)
    }
  }
}
