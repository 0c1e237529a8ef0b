public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Damaged channels are repaired in the next layer, in closed form: UDFC (Bai et al., "Unified
/// Data-Free Compression: Pruning and Quantization without Fine-Tuning", ICCV 2023).
///
/// What pruning or rounding takes from a channel between two layers is given back by the weights with
/// which the second layer reads the channels that are left. With w_j the filter of channel j, batch
/// norm folded into it, t_j its bias and q_j the rounded filter:
///
/// - Rounding: the weights that read channel j are multiplied with the s_j that minimizes
///   |w_j - s_j q_j|^2 + a (t_j - s_j t_j)^2, which is
///   s_j = (<q_j, w_j> + a t_j^2) / (<q_j, q_j> + a t_j^2).
/// - Pruning: the filter of a removed channel is written as sum_i l_i w_i over the kept channels with
///   the l that minimize |w_j - sum_i l_i w_i|^2 + a (t_j - sum_i l_i t_i)^2 + r |l|^2; the weights
///   that read channel i grow by l_i times those that read j. Removed channels are really gone: the
///   layers are smaller.
///
/// Both hold through ReLU as far as the combined values have the same sign. Channels of residual sums
/// stay as they are.
public struct UDFC: DataFreeTransform {
  /// Its name in recipes and checkpoints.
  public static var kind: String { "udfc" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "Pruned and rounded channels are repaired by the weights that read them; pruned ones are gone.",
    cost: 0,
    reference: .init(
      "Bai et al.",
      "Unified Data-Free Compression: Pruning and Quantization without Fine-Tuning", "ICCV", 2023),
    formula: "|w_j - sum l_i w_i|^2 + a (t_j - sum l_i t_i)^2 + r |l|^2 -> min", page: "UDFC")

  /// The share of the channels between two layers that is removed, 0 for none.
  public var pruning: Double
  /// Whether the loss of rounded filters is repaired.
  public var repairsRounding: Bool
  /// a, the weight of the biases' error.
  public var biasWeight: Double
  /// r, relative to the mean squared length of the kept filters.
  public var ridge: Double
  /// Whether the mean that a removed channel leaves missing behind ReLU is added to the next layer's
  /// bias, as ``BiasCorrection`` does for rounding; not a part of the published method.
  public var correctsMeans: Bool

  /// Makes the transform; the two weights are those that the paper's ablation finds best.
  public init(
    pruning: Double = 0, repairsRounding: Bool = true, biasWeight: Double = 0.01,
    ridge: Double = 0.008, correctsMeans: Bool = false
  ) {
    self.pruning = pruning
    self.repairsRounding = repairsRounding
    self.biasWeight = biasWeight
    self.ridge = ridge
    self.correctsMeans = correctsMeans
  }

  /// Throws where a setting is out of bounds.
  public func check() throws {
    try demand((0..<1).contains(pruning), "a share of pruned channels in 0..<1", pruning)
    try demand(biasWeight.isFinite && biasWeight >= 0, "a weight of at least 0", biasWeight)
    try demand(ridge.isFinite && ridge > 0, "a ridge above 0", ridge)
  }

  /// Returns the pruned and repaired network.
  public func transformed(
    _ network: Network, for quantizer: Quantizer, context: ExecutionContext
  ) throws -> TransformedNetwork {
    try refuseReLU6(network)
    var edit = EditableNetwork(network)
    edit.foldNorms()
    var result = TransformedNetwork(network: try edit.edited())
    if pruning > 0 {
      result = try pruned(result.network)
    }
    if repairsRounding {
      let repaired = try repaired(result.network, for: quantizer, context: context)
      result.network = repaired.network
      result.notes += repaired.notes
    }
    return result
  }

  /// Multiplies the weights that read each channel, pair after pair, so that a later pair sees what an
  /// earlier one has changed.
  private func repaired(
    _ network: Network, for quantizer: Quantizer, context: ExecutionContext
  ) throws -> TransformedNetwork {
    var edit = EditableNetwork(network)
    var rounded = try RoundedWeights(network, quantizer: quantizer, context: context)
    var (count, largest) = (0, 0.0)
    for pair in ScalableChannels(network.graph).pairs {
      guard let layer = edit.layer(of: pair.source), let places = edit.weights(layer),
        let weights = rounded.rounded(edit.floats(places), of: layer)
      else { continue }
      count += 1
      for channel in pair.channels {
        let positions = places.positions(output: channel.output)
        let factor = factor(
          exact: positions.map { edit.values[$0] },
          rounded: positions.map { Double(weights[$0 - places.start]) },
          bias: edit.bias(of: pair.source, channel.output))
        largest = max(largest, abs(factor - 1))
        for input in channel.inputs { edit.scaleInput(of: pair.consumer, input, by: factor) }
      }
    }
    return TransformedNetwork(
      network: try edit.edited(),
      notes: [
        "\(count) pairs of layers repaired, factors up to \((largest * 1000).rounded() / 1000) from 1"
      ])
  }

  /// The factor of a channel; 1 where the rounded filter and the bias are zero.
  package func factor(exact: [Double], rounded: [Double], bias: Double) -> Double {
    let shared = biasWeight * bias * bias
    let product = zip(exact, rounded).reduce(shared) { $0 + $1.0 * $1.1 }
    let square = rounded.reduce(shared) { $0 + $1 * $1 }
    return square > 0 && product > 0 ? product / square : 1
  }
}

extension EditableNetwork {
  /// What a source adds to a channel besides the product of its filter, batch norm folded.
  func bias(of source: Int, _ channel: Int) -> Double {
    guard network.graph.nodes[source].layer is BatchNorm else {
      return value(source, .bias, channel) ?? 0
    }
    let own = layer(of: source).flatMap { value($0, .bias, channel) } ?? 0
    return (value(source, .normShift, channel) ?? 0)
      + scale(source, channel) * (own - (value(source, .runningMean, channel) ?? 0))
  }
}
