import DFQGraph
package import DFQTensor

/// The codes of all weights of a layer, by the layer's place among those with weights.
extension QuantizedNetwork {
  /// The places of a layer's weights among the network's parameters.
  package func weightRange(ofLayer index: Int) -> Range<Int> {
    WeightQuantization(student: self).entry(index).range
  }

  /// The integer codes of a layer's weights at its highest width, on grids of the current weights
  /// or of learned steps; empty for a layer in floating point.
  package func weightCodes(ofLayer index: Int, kernels: Kernels) -> [Int32] {
    let weights = WeightQuantization(student: self)
    let banks = placement.layers[index].bankBits.count
    guard banks > 0, let grids = weights.grids(index, bank: banks - 1) else { return [] }
    return weights.codes(index, grids, kernels: kernels)
  }
}
