import DFQEngine
import DFQGraph
import DFQTensor

/// Observes the values at a student's points without changing them: first their extremes, then
/// histograms and the features of the selector's sites.
package final class RangeObserver: ActivationTransform, @unchecked Sendable {
  /// What is gathered in a pass.
  enum Phase {
    case extremes
    case distribution
  }

  package let nodes: [Int]
  private let counts: [Int]
  private let kernels: Kernels
  private let student: QuantizedNetwork
  private let phase: Phase
  /// The statistics of the batch's images, where decisions read them.
  private var imageFeatures: [Float] = []
  /// By shard and point.
  private let extremes: ResultSlots<[(low: Float, high: Float)]>
  private let histograms: ResultSlots<[ValueHistogram]>
  /// By shard: sums of features and of their squares, laid out like the selectors' constants.
  private let featureSums: ShardSums<Double>

  init(_ student: QuantizedNetwork, phase: Phase, empty: [ValueHistogram], kernels: Kernels) {
    self.student = student
    self.phase = phase
    self.kernels = kernels
    nodes = student.placement.points.map(\.node)
    counts = nodes.map { student.network.graph.nodes[$0].outputShape.count }
    extremes = .init(
      count: Shards.limit,
      empty: .init(repeating: (.infinity, -.infinity), count: nodes.count))
    histograms = .init(count: Shards.limit, empty: empty)
    featureSums = ShardSums(shards: Shards.limit, count: student.selectorConstants.count)
  }

  /// Measures the images of the next pass.
  func begin(_ images: Tensor) {
    if case .distribution = phase { imageFeatures = student.imageFeatures(images) }
  }

  package func forward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>?, codes: UnsafeMutablePointer<UInt8>?
  ) {
    let count = counts[point]
    output?.update(from: raw, count: count)
    switch phase {
    case .extremes:
      var found = kernels.minimumMaximum(x: raw, count: count)
      // A minimum would lose a NaN; an infinite range is noticed.
      if found.0.isNaN { found = (-.infinity, .infinity) }
      let old = extremes[shard][point]
      extremes[shard][point] = (min(old.low, found.0), max(old.high, found.1))
    case .distribution:
      histograms[shard][point].add(UnsafeBufferPointer(start: raw, count: count))
      guard let site = student.plan.map.siteAtOutput[point] else { return }
      let entry = student.plan.entries[site]
      var features = [Float](repeating: 0, count: entry.featureRange.count)
      imageFeatures.withUnsafeBufferPointer { all in
        // The grids are not known yet: rounded values are standardized as if they were not rounded.
        entry.gather(
          raw, roundedTo: nil, levelsPerUnit: student.featureLevels[point], kernels: kernels,
          image: student.plan.image.flatMap { kinds in
            all.baseAddress.map { $0 + image * kinds.statistics.count }
          }, into: &features)
      }
      let start = entry.constants.lowerBound
      for (index, feature) in features.enumerated() {
        let sums = featureSums[shard] + start
        sums[index] += Double(feature)
        sums[features.count + index] += Double(feature) * Double(feature)
      }
    }
  }

  package func backward(
    point: Int, image: Int, shard: Int, raw: UnsafePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {}

  /// Obtains what other processes found in their shards of a batch.
  ///
  /// The sums of a shard continue from batch to batch, so every process needs those of all shards.
  package func gather(_ reduction: Reduction) {
    let ends = reduction.rows { shard in extremes[shard].flatMap { [$0.low, $0.high] } }
    let counts = reduction.rows { shard in histograms[shard].flatMap(\.counts) }
    _ = reduction.total(featureSums, 0..<featureSums.count)
    for shard in 0..<reduction.shards.count where !reduction.own.contains(shard) {
      extremes[shard] = nodes.indices.map { (ends[shard][2 * $0], ends[shard][2 * $0 + 1]) }
      var rest = counts[shard][...]
      for point in histograms[shard].indices {
        let bins = histograms[shard][point].counts.count
        histograms[shard][point].setCounts(Array(rest.prefix(bins)))
        rest = rest.dropFirst(bins)
      }
    }
  }

  /// The extremes since the last call, by point.
  func takeExtremes() -> [(low: Float, high: Float)] {
    let shards = extremes.values
    for shard in shards.indices {
      extremes[shard] = .init(repeating: (.infinity, -.infinity), count: nodes.count)
    }
    return nodes.indices.map { point in
      (shards.map { $0[point].low }.min()!, shards.map { $0[point].high }.max()!)
    }
  }

  /// The histograms of all passes, by point.
  func distribution() -> [ValueHistogram] {
    let shards = histograms.values
    return nodes.indices.map { point in
      var sum = shards[0][point]
      for shard in shards.dropFirst() { sum.add(shard[point]) }
      return sum
    }
  }

  /// Means and inverse deviations of the features over `images`, laid out like the selectors'
  /// constants.
  func featureConstants(images: Int) -> [Float] {
    let sums = featureSums.total(0..<featureSums.count, shards: Shards.limit)
    var constants = [Float](repeating: 0, count: sums.count)
    for entry in student.plan.entries {
      let (start, count) = (entry.constants.lowerBound, entry.featureRange.count)
      for index in 0..<count {
        let mean = sums[start + index] / Double(images)
        let square = sums[start + count + index] / Double(images)
        let deviation = max(square - mean * mean, 0).squareRoot()
        constants[start + index] = Float(mean)
        // A feature that never changes tells nothing: it counts as 0.
        constants[start + count + index] = deviation > 1e-6 ? Float(1 / deviation) : 0
      }
    }
    return constants
  }
}
