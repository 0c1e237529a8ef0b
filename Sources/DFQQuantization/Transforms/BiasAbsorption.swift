public import DFQEngine
public import DFQGraph
public import DFQTensor

/// High biases move into the next layer (Nagel et al., ICCV 2019, section 4.1.3).
///
/// Where a channel's normal distribution lies above c = beta - n |gamma| > 0 nearly always, relu(x) = x
/// there, so c can be subtracted before ReLU and what the next layer makes of it added behind the next
/// layer: the range of the activation is smaller by c. With n = 3 as in the paper 0.135 % of the values
/// change. At the border of a padded map the added constant is that of a whole kernel.
public struct BiasAbsorption: DataFreeTransform {
  /// Its name in recipes and checkpoints.
  public static var kind: String { "bias absorption" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "High biases move into the next layer, so that activations have smaller ranges.", cost: 0,
    reference: .init(
      "Nagel et al.",
      "Data-Free Quantization Through Weight Equalization and Bias Correction", "ICCV", 2019),
    formula: "c = max(0, beta - 3 |gamma|)", page: "NagelDFQ")

  /// The deviations n between beta and what is absorbed.
  public var deviations: Double

  /// Makes the transform; the default is the paper's.
  public init(deviations: Double = 3) { self.deviations = deviations }

  /// Throws for a number of deviations below 0.
  public func check() throws {
    try demand(
      deviations.isFinite && deviations >= 0, "a number of deviations of at least 0", deviations)
  }

  /// Returns the network with lower biases.
  public func transformed(
    _ network: Network, for quantizer: Quantizer, context: ExecutionContext
  ) throws -> TransformedNetwork {
    try refuseReLU6(network)
    var edit = EditableNetwork(network)
    var (absorbed, withoutPlace) = (0, 0)
    for pair in ScalableChannels(network.graph).pairs where isRectified(pair, network.graph) {
      guard network.graph.nodes[pair.source].layer is BatchNorm,
        let places = edit.weights(pair.consumer)
      else { continue }
      guard edit.takesShift(pair.consumer) else {
        withoutPlace += 1
        continue
      }
      for channel in pair.channels {
        let beta = edit.value(pair.source, .normShift, channel.output)!
        let gamma = edit.value(pair.source, .normScale, channel.output)!
        let constant = beta - deviations * abs(gamma)
        guard constant > 0 else { continue }
        absorbed += 1
        edit.addToShift(of: pair.source, channel.output, -constant)
        for input in channel.inputs {
          for position in places.positions(input: input) {
            edit.addToOutput(
              of: pair.consumer, (position - places.start) % places.outputs,
              edit.values[position] * constant)
          }
        }
      }
    }
    var notes = ["\(absorbed) channels"]
    if withoutPlace > 0 {
      notes.append("\(withoutPlace) layers have neither a bias nor a batch norm that could take it")
    }
    return TransformedNetwork(network: try edit.edited(), notes: notes)
  }

  /// Whether only ReLU and copies lie between the layers: leaky slopes and averages with padding would
  /// change the constant.
  private func isRectified(_ pair: ChannelPair, _ graph: Graph) -> Bool {
    pair.nodes.allSatisfy { node in
      switch graph.nodes[node].layer {
      case Activation.relu, is GlobalAveragePool, is Flatten, is Upsample, is BatchNorm: true
      case let pool as MaxPool: pool.window.padding == Padding(0)
      case let pool as AveragePool: pool.window.padding == Padding(0)
      default: false
      }
    }
  }
}
