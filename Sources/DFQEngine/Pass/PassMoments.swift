import DFQGraph

/// The moments one pass gathers shard by shard, and the gradients of losses on them.
final class PassMoments: @unchecked Sendable {
  /// The nodes whose moments are gathered.
  let nodes: [Int]
  private let plan: Plan
  private let offsets: UnsafeMutablePointer<Int>
  private let correctionOffsets: UnsafeMutablePointer<Int>
  private let sums: ShardSums<Double>
  private let corrections: UnsafeMutablePointer<Float>

  init(_ nodes: some Sequence<Int>, plan: Plan, shards: Int) {
    self.nodes = Set(nodes).sorted()
    self.plan = plan
    offsets = .allocate(capacity: plan.counts.count)
    offsets.initialize(repeating: -1, count: plan.counts.count)
    correctionOffsets = .allocate(capacity: plan.counts.count)
    correctionOffsets.initialize(repeating: -1, count: plan.counts.count)
    var total = 0
    for node in self.nodes {
      offsets[node] = total
      total += 2 * plan.channels[node]
    }
    sums = ShardSums(shards: shards, count: total)
    corrections = .allocate(capacity: max(total, 1))
    corrections.initialize(repeating: 0, count: total)
  }

  deinit {
    offsets.deallocate()
    correctionOffsets.deallocate()
    corrections.deallocate()
  }

  /// Where a shard's images add their sums.
  func sums(shard: Int) -> NodeTable<Double> {
    NodeTable(offsets: offsets, start: sums[shard])
  }

  /// What backward steps of normalizations add.
  var correctionTable: NodeTable<Float> {
    NodeTable(offsets: correctionOffsets, start: corrections)
  }

  /// Whether the gradient of a loss on a node's moments is added by the normalization behind it.
  func isCorrected(_ node: Int) -> Bool { correctionOffsets[node] >= 0 }

  /// Leaves the gradient offset[c] + slope[c] * x to the normalization behind a node.
  func correct(_ node: Int, _ gradient: (offset: [Float], slope: [Float])) {
    correctionOffsets[node] = offsets[node]
    let start = corrections + offsets[node]
    for (channel, (offset, slope)) in zip(gradient.offset, gradient.slope).enumerated() {
      start[channel] = offset
      start[gradient.offset.count + channel] = slope
    }
  }

  /// The moments of a node over a batch of images.
  func reduced(
    _ node: Int, _ reduction: Reduction
  ) -> (mean: [Double], variance: [Double], count: Int) {
    let channels = plan.channels[node]
    let total = reduction.total(sums, offsets[node]..<offsets[node] + 2 * channels)
    let count = reduction.shards.batch * plan.count(node) / channels
    let (mean, variance) = PassMoments.meanAndVariance(total, count: count)
    return (mean, variance, count)
  }

  /// Mean and biased variance from sums and sums of squares over `count` values.
  static func meanAndVariance(
    _ sums: [Double], count: Int
  ) -> (mean: [Double], variance: [Double]) {
    let channels = sums.count / 2
    let mean = (0..<channels).map { sums[$0] / Double(count) }
    let variance = (0..<channels).map {
      max(0, sums[channels + $0] / Double(count) - mean[$0] * mean[$0])
    }
    return (mean, variance)
  }
}
