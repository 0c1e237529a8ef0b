public import DFQEngine
public import DFQGraph
public import DFQTensor

/// The mean error of every output channel that rounded weights cause is taken out of its bias (Nagel
/// et al., ICCV 2019, section 4.2).
///
/// With dW = rounded - exact weights, an output is wrong by dW x, on average by dW E[x]. E[x] follows
/// from the batch norm that feeds the layer: for ReLU behind a normal value with mean beta and
/// deviation gamma it is gamma phi(-beta / gamma) + beta (1 - Phi(-beta / gamma)). The sum over the
/// kernel of dW E[x] is subtracted from the layer's bias, or added to the mean that the batch norm
/// behind it subtracts.
///
/// The corrected network is right behind the quantizer's rounding and wrong in floating point.
public struct BiasCorrection: DataFreeTransform {
  /// Its name in recipes and checkpoints.
  public static var kind: String { "bias correction" }

  /// What the catalogue says of it.
  public static let summary = MethodSummary(
    "The mean error that rounded weights cause is taken out of every output's bias.", cost: 0,
    reference: .init(
      "Nagel et al.",
      "Data-Free Quantization Through Weight Equalization and Bias Correction", "ICCV", 2019),
    formula: "b - sum (round(W) - W) E[x]", page: "NagelDFQ",
    notes: ["Comes last: the network is right behind the rounding and wrong in floating point."])

  /// Makes the transform; it has no settings.
  public init() {}

  /// Returns the network with corrected biases.
  public func transformed(
    _ network: Network, for quantizer: Quantizer, context: ExecutionContext
  ) throws -> TransformedNetwork {
    let expectations = ChannelExpectations(network)
    var rounded = try RoundedWeights(network, quantizer: quantizer, context: context)
    var edit = EditableNetwork(network)
    var (corrected, withoutPlace) = (0, 0)
    for node in network.graph.weighted {
      guard let places = edit.weights(node),
        let weights = rounded.rounded(edit.floats(places), of: node)
      else { continue }
      guard edit.takesShift(node) else {
        withoutPlace += 1
        continue
      }
      corrected += 1
      let inputs = expectations[network.graph.nodes[node].inputs[0]]
      for output in 0..<places.outputs {
        var error = 0.0
        for tap in 0..<places.taps {
          for input in 0..<places.inputs {
            let position = places.position(tap: tap, input: input, output: output)
            let difference = Double(weights[position - places.start]) - edit.values[position]
            error += difference * inputs[places.channel(input: input, output: output)].mean
          }
        }
        edit.addToOutput(of: node, output, -error)
      }
    }
    var notes = ["\(corrected) layers"]
    if withoutPlace > 0 {
      notes.append("\(withoutPlace) layers have neither a bias nor a batch norm that could take it")
    }
    return TransformedNetwork(network: try edit.edited(), notes: notes)
  }
}
