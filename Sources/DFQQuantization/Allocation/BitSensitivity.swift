/// What it costs a network's output to quantize one of its layers, or one of its values, to few bits.
///
/// A loss is the divergence KL(teacher || student) of the predictions, in nats and averaged over
/// synthetic images, of a student with 8 bits everywhere but in one place (ZeroQ; Cai et al., CVPR 2020,
/// equation 5). Errors of weights and values, such as signal-to-noise ratios, do not rank layers.
public struct BitSensitivity: Sendable, Codable, Hashable {
  /// The losses of one layer's weights, or of one quantized output.
  public struct Entry: Sendable, Codable, Hashable {
    /// The layer's name.
    public var name: String
    /// The measured bits, ascending.
    public var bits: [Int]
    /// The loss at each, in nats.
    public var losses: [Double]

    /// Makes an entry.
    public init(name: String, bits: [Int], losses: [Double]) {
      self.name = name
      self.bits = bits
      self.losses = losses
    }
  }

  /// The layers with quantized weights, in the order of the graph.
  public var weights: [Entry]
  /// The quantized outputs, in the order of the graph.
  public var activations: [Entry]

  /// Makes sensitivities from measured entries.
  public init(weights: [Entry], activations: [Entry]) {
    self.weights = weights
    self.activations = activations
  }
}
