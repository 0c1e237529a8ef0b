import DFQNetwork
import DFQTensor

/// Rounds a student's shadow weights to their grids and carries gradients back.
struct WeightQuantization: Sendable {
  let student: QuantizedNetwork

  /// The grids of a layer, one per output channel (or one in all), from its current weights; nil where they stay float.
  func grids(_ index: Int) -> [Grid]? {
    let layer = student.placement.layers[index]
    guard let bits = layer.bits else { return nil }
    let part = student.quantizer.weights
    if part.learnsStep, !student.weightSteps[index].isEmpty {
      return student.weightSteps[index].map { Grid(step: $0, bits: bits, nonNegative: false) }
    }
    let shrink = student.weightShrink[index]
    return extremes(index).enumerated().map { channel, range in
      let factor = shrink.isEmpty ? 1 : shrink[channel]
      return WeightQuantization.grid(
        low: range.low * factor, high: range.high * factor, bits: bits, scheme: part.scheme)
    }
  }

  /// The grid of a range: asymmetric over it, or symmetric with its largest magnitude at the last code.
  static func grid(low: Float, high: Float, bits: Int, scheme: Quantizer.Scheme) -> Grid {
    switch scheme {
    case .asymmetric: Grid(low: low, high: high, bits: bits)
    case .symmetric:
      Grid(
        step: max(abs(low), abs(high)) / Float((1 << (bits - 1)) - 1), bits: bits,
        nonNegative: false)
    }
  }

  /// The smallest and largest weight of each output channel (or of the tensor).
  func extremes(_ index: Int) -> [(low: Float, high: Float)] {
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
  func effective(_ context: ExecutionContext) -> [Float] {
    var values = student.network.parameters.values
    values.withUnsafeMutableBufferPointer { values in
      let target = SendablePointer(values.baseAddress!)
      context.pool.forEach(student.placement.layers.count) { index, _ in
        guard let grids = grids(index), let first = grids.first else { return }
        let entry = entry(index)
        let start = target.pointer + entry.range.lowerBound
        if grids.count == 1 {
          context.kernels.fakeQuantize(
            x: start, count: entry.shape.count, levelsPerUnit: first.levelsPerUnit,
            zero: first.zero, minimum: first.lowest, maximum: first.highest, y: start)
        } else {
          let channels = entry.shape.dimensions.last!
          context.kernels.fakeQuantizeChannels(
            x: start, rows: entry.shape.count / channels, channels: channels,
            levelsPerUnit: grids.map(\.levelsPerUnit), zero: grids.map(\.zero),
            minimum: first.lowest, maximum: first.highest, y: start)
        }
      }
    }
    return values
  }

  /// Turns the gradient at the rounded weights into that at the shadow weights, in place, and returns the gradients at
  /// the logarithms of the learned steps, by layer and channel (empty where no step is learned).
  func backward(_ gradient: inout [Float], context: ExecutionContext) -> [[Float]] {
    let part = student.quantizer.weights
    if !part.learnsStep, student.quantizer.backward == .identity {
      return student.placement.layers.map { _ in [] }
    }
    let results = ResultSlots<[Float]>(count: student.placement.layers.count, empty: [])
    gradient.withUnsafeMutableBufferPointer { gradient in
      let g = SendablePointer(gradient.baseAddress!)
      context.pool.forEach(student.placement.layers.count) { index, _ in
        guard let grids = grids(index) else { return }
        let steps = backward(index, grids: grids, gradient: g.pointer)
        if part.learnsStep { results[index] = steps }
      }
    }
    return results.values
  }

  /// One layer: LSQ's rule (Esser et al. 2020, eq. 3) with its gradient scale 1 / sqrt(count * highest code).
  private func backward(
    _ index: Int, grids: [Grid], gradient: UnsafeMutablePointer<Float>
  ) -> [Float] {
    let entry = entry(index)
    let channels = entry.shape.dimensions.last!
    let perChannel = grids.count == channels
    var sums = [Double](repeating: 0, count: grids.count)
    let magic: Float = 12_582_912
    student.network.parameters.values.withUnsafeBufferPointer { values in
      grids.withUnsafeBufferPointer { grids in
        var channel = 0
        for position in entry.range {
          let slot = perChannel ? channel : 0
          let grid = grids[slot]
          let level = values[position] * grid.levelsPerUnit
          let v = level - grid.zero
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
