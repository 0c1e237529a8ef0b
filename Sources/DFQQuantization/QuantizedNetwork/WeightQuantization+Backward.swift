import DFQEngine
import DFQGraph
import DFQTensor

extension WeightQuantization {
  /// Turns the gradient at the rounded weights (bank after bank) into that at the shadow weights
  /// and the gradients at the logarithms of the learned steps, by layer, bank and channel (empty
  /// where no step is learned).
  func backward(
    _ given: [Float], context: ExecutionContext
  ) -> (parameters: [Float], steps: [[Float]]) {
    let (layers, banks) = (student.placement.layers.count, student.placement.banks)
    let size = student.network.parameters.values.count
    let learns = student.quantizer.weights.learnsStep
    if banks == 1, !learns, student.quantizer.backward == .identity {
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
          if learns || student.quantizer.backward == .clipped {
            steps += backward(entry, grids: grids, gradient: own)
          }
          // The shadow weights and the bias collect what every width's images ask of them.
          if bank > 0 {
            let bias = student.network.parameters.layout.entry(node: entry.node, .bias)
            for range in [entry.range] + (bias.map { [$0.range] } ?? []) {
              context.kernels.axpy(
                1, x: own + range.lowerBound, count: range.count, y: g.pointer + range.lowerBound)
            }
          }
        }
        if learns { results[index] = steps }
      }
    }
    return (banks == 1 ? gradient : Array(gradient.prefix(size)), results.values)
  }

  /// One layer at one width: LSQ's rule (Esser 2020, equation 3) with its gradient scale 1 /
  /// sqrt(count * highest code).
  private func backward(
    _ entry: ParameterLayout.Entry, grids: [Grid], gradient: UnsafeMutablePointer<Float>
  ) -> [Float] {
    let channels = entry.shape.dimensions.last!
    let perChannel = grids.count == channels
    var sums = [Double](repeating: 0, count: grids.count)
    // Adding and subtracting 1.5 * 2^23 rounds half to even for magnitudes below 2^22, without a
    // library call.
    let magic: Float = 12_582_912
    student.network.parameters.values.withUnsafeBufferPointer { values in
      grids.withUnsafeBufferPointer { grids in
        var channel = 0
        for position in entry.range {
          let slot = perChannel ? channel : 0
          let grid = grids[slot]
          let v = values[position] * grid.levelsPerUnit - grid.zero
          let g = gradient[position]
          if v < grid.lowest {
            sums[slot] += Double(g * (grid.lowest + grid.zero))
            gradient[position] = 0
          } else if v > grid.highest {
            sums[slot] += Double(g * (grid.highest + grid.zero))
            gradient[position] = 0
          } else {
            sums[slot] += Double(g * (((v + magic) - magic) - v))
          }
          channel = channel + 1 == channels ? 0 : channel + 1
        }
      }
    }
    let perStep = Double(entry.shape.count / grids.count)
    return sums.indices.map { slot in
      let scale = 1 / (perStep * Double(grids[slot].highest)).squareRoot()
      return Float(sums[slot] * scale) * grids[slot].scale
    }
  }
}
