import DFQEngine
import DFQGraph
import DFQTensor

/// Rounds a student's shadow weights to their grids and carries gradients back.
struct WeightQuantization: Sendable {
  let student: QuantizedNetwork

  /// The grids of a layer in a bank, one per output channel (or one in all), from its current
  /// weights; nil where they stay float.
  ///
  /// Layers with one width use bank 0 for all images.
  func grids(_ index: Int, bank: Int = 0) -> [Grid]? {
    let layer = student.placement.layers[index]
    guard bank < layer.bankBits.count else { return nil }
    let bits = layer.bankBits[bank]
    let part = student.quantizer.weights
    let slots = slotCount(index)
    if part.learnsStep, !student.weightSteps[index].isEmpty {
      return student.weightSteps[index][bank * slots..<(bank + 1) * slots].map {
        Grid(step: $0, bits: bits, nonNegative: false)
      }
    }
    let shrink = student.weightShrink[index]
    return extremes(index).enumerated().map { slot, range in
      let factor = shrink.isEmpty ? 1 : shrink[bank * slots + slot]
      return WeightQuantization.grid(
        low: range.low * factor, high: range.high * factor, bits: bits, scheme: part.scheme)
    }
  }

  /// The number of scales of a layer at one width: its output channels, or one.
  func slotCount(_ index: Int) -> Int {
    student.quantizer.weights.granularity == .perTensor ? 1 : entry(index).shape.dimensions.last!
  }

  /// The grid of a range: asymmetric over it, or symmetric with its largest magnitude at the last
  /// code.
  static func grid(low: Float, high: Float, bits: Int, scheme: Quantizer.Scheme) -> Grid {
    switch scheme {
    case .asymmetric: Grid(low: low, high: high, bits: bits)
    case .symmetric:
      Grid(
        step: max(abs(low), abs(high)) / Float((1 << (bits - 1)) - 1), bits: bits,
        nonNegative: false)
    }
  }

  /// The smallest and largest weight of each output channel (or of the tensor), or those that the layer keeps.
  func extremes(_ index: Int) -> [(low: Float, high: Float)] {
    let kept = student.weightExtremes[index]
    guard kept.isEmpty else {
      return stride(from: 0, to: kept.count, by: 2).map { (kept[$0], kept[$0 + 1]) }
    }
    let entry = entry(index)
    let channels = entry.shape.dimensions.last!
    var result = [(low: Float, high: Float)](
      repeating: (.infinity, -.infinity), count: channels)
    for (offset, position) in entry.range.enumerated() {
      let value = student.network.parameters.values[position]
      let channel = offset % channels
      result[channel] = (min(result[channel].low, value), max(result[channel].high, value))
    }
    if student.quantizer.weights.granularity == .perTensor {
      return [(result.map(\.low).min()!, result.map(\.high).max()!)]
    }
    return result
  }

  func entry(_ index: Int) -> ParameterLayout.Entry {
    let node = student.placement.layers[index].node
    return student.network.parameters.layout.entry(node: node, .weight)!
  }

  /// All parameters with the weights rounded: what the executor computes with.
  func effective(_ context: ExecutionContext) -> EffectiveWeights {
    let (layers, banks) = (student.placement.layers.count, student.placement.banks)
    let size = student.network.parameters.values.count
    var values = student.network.parameters.values
    for _ in 1..<banks { values += student.network.parameters.values }
    let levels = ResultSlots(count: banks * layers, empty: [Float]())
    values.withUnsafeMutableBufferPointer { values in
      let target = SendablePointer(values.baseAddress!)
      context.pool.forEach(banks * layers) { piece, _ in
        let (bank, index) = piece.quotientAndRemainder(dividingBy: layers)
        // Layers of one width are the same in every bank.
        let width = min(bank, student.placement.layers[index].bankBits.count - 1)
        guard width >= 0, let grids = grids(index, bank: width) else { return }
        levels[piece] = grids.map(\.levelsPerUnit)
        let range = entry(index).range
        withLayer(index, grids, kernels: context.kernels) { layer in
          student.quantizer.rounding.method.round(
            layer,
            values: .init(
              start: target.pointer + bank * size + range.lowerBound, count: range.count))
        }
      }
    }
    var result = EffectiveWeights(values: values)
    for (index, layer) in student.placement.layers.enumerated() where !layer.isFloat {
      result.levels[layer.node] = (0..<banks).map { levels[$0 * layers + index] }
    }
    return result
  }

  /// Calls `body` with a layer's weights and grids as a way of rounding sees them.
  func withLayer<Result>(
    _ index: Int, _ grids: [Grid], kernels: Kernels, _ body: (RoundedLayer) -> Result
  ) -> Result {
    let entry = entry(index)
    return student.network.parameters.values.withUnsafeBufferPointer { values in
      body(
        RoundedLayer(
          weights: .init(rebasing: values[entry.range]), channels: entry.shape.dimensions.last!,
          taps: entry.shape.rank == 4 ? entry.shape[0] * entry.shape[1] : 1,
          grids: grids, learnsStep: student.quantizer.weights.learnsStep,
          backward: student.quantizer.backward, kernels: kernels))
    }
  }

  /// The integer codes of a layer's weights at one width.
  func codes(_ index: Int, _ grids: [Grid], kernels: Kernels) -> [Int32] {
    withLayer(index, grids, kernels: kernels) { student.quantizer.rounding.method.codes($0) }
  }
}

/// A pointer that closures of the worker pool may share; they write at places no two of them share.
struct SendablePointer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  init(_ pointer: UnsafeMutablePointer<Float>) { self.pointer = pointer }
}

/// One result per piece of parallel work.
final class ResultSlots<Value>: @unchecked Sendable {
  private let slots: UnsafeMutableBufferPointer<Value>

  init(count: Int, empty: Value) {
    slots = .allocate(capacity: count)
    slots.initialize(repeating: empty)
  }

  deinit {
    slots.deinitialize()
    slots.deallocate()
  }

  subscript(index: Int) -> Value {
    get { slots[index] }
    set { slots[index] = newValue }
  }

  var values: [Value] { Array(slots) }
}
