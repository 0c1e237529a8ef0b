import DFQGraph
import DFQTensor

/// What a quantizer makes of a network's weights, layer by layer.
struct RoundedWeights {
  private var student: QuantizedNetwork
  private let kernels: Kernels

  init(_ network: Network, quantizer: Quantizer, context: ExecutionContext) throws {
    student = try QuantizedNetwork(network: network, quantizer: quantizer)
    kernels = context.kernels
  }

  /// The rounded weights of a layer with these weights; nil where they stay in floating point.
  ///
  /// Where weights take their input's bits, those at the middle number of bits.
  mutating func rounded(_ weights: [Float], of node: Int) -> [Float]? {
    guard let index = student.placement.layers.firstIndex(where: { $0.node == node }),
      !student.placement.layers[index].isFloat
    else { return nil }
    let range = WeightQuantization(student: student).entry(index).range
    precondition(weights.count == range.count, "all weights of the layer")
    student.network.parameters.values.replaceSubrange(range, with: weights)
    student.calibrateWeights(of: index)
    let rounding = WeightQuantization(student: student)
    let bank = student.placement.layers[index].bankBits.count / 2
    guard let grids = rounding.grids(index, bank: bank) else { return nil }
    var result = weights
    result.withUnsafeMutableBufferPointer { values in
      rounding.withLayer(index, grids, kernels: kernels) {
        student.quantizer.rounding.method.round($0, values: values)
      }
    }
    return result
  }
}

extension EditableNetwork {
  /// The weights of a layer, rounded to single precision.
  func floats(_ places: WeightPlaces) -> [Float] {
    values[places.start..<places.start + places.count].map { Float($0) }
  }
}
