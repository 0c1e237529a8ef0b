import DFQEngine
import DFQGraph
public import DFQTensor

extension QuantizedNetwork {
  /// Finds all ranges: those of weights from the weights, those of activations from values in
  /// floating point behind rounded weights.
  ///
  /// The library calls this with synthetic images only.
  ///
  /// - Parameters:
  ///   - batches: Normalized inputs N H W C each; moving averages take one step per batch.
  ///   - context: How the work is executed.
  /// - Throws: ``QuantizationError`` for no images or values that are not finite, `NetworkError` for
  ///   inputs of another shape.
  public mutating func calibrate(
    batches: [Tensor], context: ExecutionContext = .default
  ) throws {
    let images = batches.reduce(0) { $0 + $1.rowCount }
    guard images > 0 else { throw QuantizationError.noImages(what: "calibration") }
    for batch in batches where batch.rowShape != network.imageShape {
      throw NetworkError.imageShape(expected: network.imageShape, found: batch.rowShape)
    }
    calibrateWeights()
    let effective = WeightQuantization(student: self).effective(context).values

    func observe(_ observer: RangeObserver, after: () -> Void) throws {
      let executor = Executor(
        plan: Plan(network.graph, transforming: observer.nodes), context: context,
        transform: observer, banks: placement.banks)
      for batch in batches {
        _ = try executor.run(images: batch, parameters: effective, request: .init())
        after()
      }
    }
    let first = RangeObserver(self, phase: .extremes, empty: [], kernels: context.kernels)
    var total = [(low: Float, high: Float)](
      repeating: (.infinity, -.infinity), count: placement.points.count)
    var averages = total.map { _ in
      (low: MovingAverage(decay: averageDecay), high: MovingAverage(decay: averageDecay))
    }
    try observe(first) {
      for (point, found) in first.takeExtremes().enumerated() {
        total[point] = (min(total[point].low, found.low), max(total[point].high, found.high))
        averages[point].low.update(found.low)
        averages[point].high.update(found.high)
      }
    }
    for (point, range) in total.enumerated() {
      guard range.low.isFinite, range.high.isFinite else {
        throw QuantizationError.rangeNotFinite(
          layer: network.graph.nodes[placement.points[point].node].name)
      }
      featureLevels[point] = 255 / max(range.high - min(range.low, 0), 1e-8)
    }
    let second = RangeObserver(
      self, phase: .distribution, empty: total.map { ValueHistogram(low: $0.low, high: $0.high) },
      kernels: context.kernels)
    try observe(second) {}
    selectorConstants = second.featureConstants(images: images)
    let histograms = second.distribution()
    for (point, place) in placement.points.enumerated() {
      let nonNegative = place.nonNegative || total[point].low >= 0
      activationGrids[point] = place.bits.map { bits in
        let range = range(
          point, bits: bits, extremes: total[point], nonNegative: nonNegative,
          average: (averages[point].low.value, averages[point].high.value),
          histogram: histograms[point])
        return activationGrid(range.low, range.high, bits: bits, nonNegative: nonNegative)
      }
    }
  }

  private var averageDecay: Float {
    if case .movingAverage(let decay) = quantizer.activations.range { decay } else { 0.9 }
  }

  private func activationGrid(
    _ low: Float, _ high: Float, bits: Int, nonNegative: Bool
  ) -> Grid {
    let isSymmetric = quantizer.activations.scheme == .symmetric || quantizer.activations.learnsStep
    guard isSymmetric else { return Grid(low: low, high: high, bits: bits) }
    let codes = nonNegative ? (1 << bits) - 1 : (1 << (bits - 1)) - 1
    let magnitude = nonNegative ? high : max(abs(low), abs(high))
    return Grid(step: max(magnitude, 1e-8) / Float(codes), bits: bits, nonNegative: nonNegative)
  }

  private func range(
    _ point: Int, bits: Int, extremes: (low: Float, high: Float), nonNegative: Bool,
    average: (low: Float, high: Float), histogram: ValueHistogram
  ) -> (low: Float, high: Float) {
    switch quantizer.activations.range {
    case .minMax: extremes
    case .movingAverage: average
    case .percentile(let fraction): histogram.percentileRange(fraction)
    case .meanSquaredError:
      histogram.leastSquaresRange {
        activationGrid($0, $1, bits: bits, nonNegative: nonNegative)
      }
    case .batchNormStatistics(let deviations):
      NormalMoments(network).range(placement.points[point].node, deviations: deviations)
    }
  }

  /// Ranges of weights: nothing for extremes (they follow the weights), a factor for percentile and
  /// least squares, a step where steps are learned; of all layers or of one.
  mutating func calibrateWeights(of only: Int? = nil) {
    for index in weightExtremes.indices where only == nil || only == index {
      weightExtremes[index] = []
    }
    let weights = WeightQuantization(student: self)
    for (index, layer) in placement.layers.enumerated() where only == nil || only == index {
      let part = quantizer.weights
      var steps: [Float] = []
      var factors: [Float] = []
      for bits in layer.bankBits {
        let found = weightRanges(weights, index, bits: bits)
        steps += found.steps
        factors += found.shrink
      }
      weightSteps[index] = part.learnsStep ? steps : []
      weightShrink[index] = part.learnsStep || factors.allSatisfy { $0 == 1 } ? [] : factors
    }
  }

  /// The share of its extremes each channel's range keeps at a width, and the step that follows
  /// from it.
  private func weightRanges(
    _ weights: WeightQuantization, _ index: Int, bits: Int
  ) -> (shrink: [Float], steps: [Float]) {
    let part = quantizer.weights
    let extremes = weights.extremes(index)
    let entry = weights.entry(index)
    let channels = entry.shape.dimensions.last!
    let values = Array(network.parameters.values[entry.range])
    let shrink: [Float] = extremes.indices.map { slot in
      let own =
        extremes.count == 1
        ? values : stride(from: slot, to: values.count, by: channels).map { values[$0] }
      let range = extremes[slot]
      var histogram = ValueHistogram(low: range.low, high: range.high, bins: 512)
      own.withUnsafeBufferPointer { histogram.add($0) }
      let found: (low: Float, high: Float)
      switch part.range {
      case .percentile(let fraction): found = histogram.percentileRange(fraction)
      case .meanSquaredError:
        found = histogram.leastSquaresRange {
          WeightQuantization.grid(low: $0, high: $1, bits: bits, scheme: gridScheme(part))
        }
      // The other rules need images; the quantizer's check refuses them for weights.
      case .minMax, .movingAverage, .batchNormStatistics: found = range
      }
      let full = max(abs(range.low), abs(range.high))
      return full > 0 ? max(abs(found.low), abs(found.high)) / full : 1
    }
    let steps = extremes.indices.map { slot in
      let full = max(abs(extremes[slot].low), abs(extremes[slot].high))
      return max(full * shrink[slot], 1e-8) / Float((1 << (bits - 1)) - 1)
    }
    return (shrink, steps)
  }

  private func gridScheme(_ part: Quantizer.Part) -> Quantizer.Scheme {
    part.learnsStep ? .symmetric : part.scheme
  }
}
