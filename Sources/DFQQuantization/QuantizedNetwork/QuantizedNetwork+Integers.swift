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
  }

  /// All layers with weights, in order.
  public var layers: [LayerDescription] {
    placement.layers.map { layer in
      LayerDescription(
        name: network.graph.nodes[layer.node].name, macs: layer.macs, weightBits: layer.bankBits,
        inputBits: layer.inputPoint.map { placement.points[$0].bits },
        inputGrids: layer.inputPoint.map { activationGrids[$0] })
    }
  }

  /// The names of the quantized outputs, in order: the columns of per-image bits.
  public var quantizedOutputs: [String] {
    placement.points.map { network.graph.nodes[$0.node].name }
  }

  /// The integer weights of a layer, KH KW I O or I O, at its one width or the given one; nil where
  /// they stay in floating point, the width is not theirs or there is no such layer.
  public func integerWeights(of layer: String, bits: Int? = nil) -> QuantizedTensor? {
    let weights = WeightQuantization(student: self)
    guard
      let index = placement.layers.firstIndex(where: {
        network.graph.nodes[$0.node].name == layer
      }),
      let bits = bits ?? placement.layers[index].bankBits.last,
      let bank = placement.layers[index].bankBits.firstIndex(of: bits),
      let grids = weights.grids(index, bank: bank)
    else { return nil }
    let entry = weights.entry(index)
    let channels = entry.shape.dimensions.last!
    let values = network.parameters.values[entry.range]
    return QuantizedTensor(
      shape: entry.shape,
      codes: values.enumerated().map { offset, value in
        Int32(grids[grids.count == 1 ? 0 : offset % channels].code(value))
      },
      scales: grids.map(\.scale), zeroPoints: grids.map(\.zeroPoint), bits: bits)
  }
}
