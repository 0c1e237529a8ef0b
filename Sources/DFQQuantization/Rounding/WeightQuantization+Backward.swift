import DFQEngine
import DFQGraph
import DFQTensor

extension WeightQuantization {
  /// Turns the gradient at the rounded weights (bank after bank) into the gradient at the shadow
  /// weights and the gradients at the logarithms of the learned steps, by layer, bank and channel
  /// (empty where no step is learned).
  func backward(
    _ given: [Float], context: ExecutionContext
  ) -> (parameters: [Float], steps: [[Float]]) {
    let (layers, banks) = (student.placement.layers.count, student.placement.banks)
    let size = student.network.parameters.values.count
    let learns = student.quantizer.weights.learnsStep
    let rounding = student.quantizer.rounding
    if banks == 1, !learns, student.quantizer.backward == .identity, rounding == .nearest {
      return (given, student.placement.layers.map { _ in [] })
    }
    var gradient = given
    let results = ResultSlots<[Float]>(count: layers, empty: [])
    gradient.withUnsafeMutableBufferPointer { gradient in
      let g = SendablePointer(gradient.baseAddress!)
      context.pool.forEach(layers) { index, _ in
        let entry = entry(index)
        var steps: [Float] = []
        for bank in 0..<max(1, student.placement.layers[index].bankBits.count) {
          guard let grids = grids(index, bank: bank) else { return }
          let own = g.pointer + bank * size
          withLayer(index, grids, kernels: context.kernels) { layer in
            steps += rounding.method.backward(
              layer,
              gradient: .init(start: own + entry.range.lowerBound, count: entry.range.count))
          }
          // The shadow weights and the bias collect the gradients of the images of every width.
          if bank > 0 {
            let bias = student.network.parameters.layout.entry(node: entry.node, .bias)
            for range in [entry.range] + (bias.map { [$0.range] } ?? []) {
              context.kernels.axpy(
                1, x: own + range.lowerBound, count: range.count, y: g.pointer + range.lowerBound)
            }
          }
        }
        if rounding.method.nests { steps = nested(steps, index) }
        if learns { results[index] = steps }
      }
    }
    return (banks == 1 ? gradient : Array(gradient.prefix(size)), results.values)
  }

  /// The gradients of steps that are those of the most bits times powers of 2, at the one that is
  /// learned: the logarithms differ by constants.
  private func nested(_ steps: [Float], _ index: Int) -> [Float] {
    let slots = slotCount(index)
    var result = [Float](repeating: 0, count: steps.count)
    for (place, gradient) in steps.enumerated() {
      result[steps.count - slots + place % slots] += gradient
    }
    return result
  }
}
