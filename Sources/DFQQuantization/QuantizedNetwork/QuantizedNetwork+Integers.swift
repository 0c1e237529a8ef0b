import DFQGraph
import DFQTensor

/// The integers, scales and zero points of a student, readable at any time.
extension QuantizedNetwork {
  /// What one layer's numbers are.
  public struct LayerDescription: Sendable {
    /// The layer's name.
    public let name: String
    /// Multiply-accumulate operations of one image.
    public let macs: Int
    /// Bits of the weights; more than one where they take their input's bits, empty in floating
    /// point.
    public let weightBits: [Int]
    /// Candidate bits of the input, nil in floating point.
    public let inputBits: [Int]?
    /// The input's grids, one per candidate, nil in floating point.
    public let inputGrids: [Grid]?
    /// The name of the quantized output that the input comes from, nil in floating point.
    public let inputName: String?
    /// The pattern of the rule that took effect on the weights, nil where none did.
    public let rule: String?
  }

  /// All layers with weights, in order.
  public var layers: [LayerDescription] {
    placement.layers.map { layer in
      LayerDescription(
        name: network.graph.nodes[layer.node].name, macs: layer.macs, weightBits: layer.bankBits,
        inputBits: layer.inputPoint.map { placement.points[$0].bits },
        inputGrids: layer.inputPoint.map { activationGrids[$0] },
        inputName: layer.inputPoint.map { outputs[$0].name }, rule: layer.rule)
    }
  }

  /// The names of the quantized outputs, in order: the columns of per-image bits.
  public var quantizedOutputs: [String] { outputs.map(\.name) }

  /// The integer weights of a layer, KH KW I O or I O, at its one width or the given one.
  ///
  /// - Throws: `NetworkError.noSuchLayer`, ``QuantizationError/weightsAreFloat(layer:)``,
  ///   ``QuantizationError/notAWeightWidth(layer:bits:widths:)``.
  public func integerWeights(of layer: String, bits: Int? = nil) throws -> QuantizedTensor {
    let weights = WeightQuantization(student: self)
    guard
      let index = placement.layers.firstIndex(where: {
        network.graph.nodes[$0.node].name == layer
      })
    else { throw NetworkError.noSuchLayer(name: layer) }
    let widths = placement.layers[index].bankBits
    guard let highest = widths.last else { throw QuantizationError.weightsAreFloat(layer: layer) }
    let bits = bits ?? highest
    guard let bank = widths.firstIndex(of: bits), let grids = weights.grids(index, bank: bank)
    else { throw QuantizationError.notAWeightWidth(layer: layer, bits: bits, widths: widths) }
    return QuantizedTensor(
      shape: weights.entry(index).shape,
      codes: weights.codes(index, grids, kernels: Kernels(.best)),
      scales: grids.map(\.scale), zeroPoints: grids.map(\.zeroPoint), bits: bits)
  }
}
