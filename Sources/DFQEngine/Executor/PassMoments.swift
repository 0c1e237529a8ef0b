import DFQGraph

/// The moments one pass gathers shard by shard, and the gradients of losses on them.
final class PassMoments: @unchecked Sendable {
  /// The nodes whose moments are gathered.
  let nodes: [Int]
  private let shards: Int
  private let plan: Plan
  private let offsets: UnsafeMutablePointer<Int>
  private let correctionOffsets: UnsafeMutablePointer<Int>
  private let sums: UnsafeMutablePointer<Double>
  private let corrections: UnsafeMutablePointer<Float>
  private let shardCount: Int

  init(_ nodes: some Sequence<Int>, plan: Plan, shards: Int) {
    self.nodes = Set(nodes).sorted()
    self.plan = plan
    self.shards = shards
    offsets = .allocate(capacity: plan.counts.count)
    offsets.initialize(repeating: -1, count: plan.counts.count)
    correctionOffsets = .allocate(capacity: plan.counts.count)
    correctionOffsets.initialize(repeating: -1, count: plan.counts.count)
    var total = 0
    for node in self.nodes {
      offsets[node] = total
      total += 2 * plan.channels[node]
    }
    shardCount = total
    sums = .allocate(capacity: max(shards * total, 1))
    sums.initialize(repeating: 0, count: shards * total)
    corrections = .allocate(capacity: max(total, 1))
    corrections.initialize(repeating: 0, count: total)
  }

  deinit {
    offsets.deallocate()
    correctionOffsets.deallocate()
    sums.deallocate()
    corrections.deallocate()
  }

  /// Where a shard's images add their sums.
  func sums(shard: Int) -> NodeTable<Double> {
    NodeTable(offsets: offsets, start: sums + shard * shardCount)
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

  /// The moments of a node over a batch of images: the shards' sums in order.
  func reduced(_ node: Int, batch: Int) -> (mean: [Double], variance: [Double], count: Int) {
    let channels = plan.channels[node]
    var total = [Double](repeating: 0, count: 2 * channels)
    for shard in 0..<shards {
      let start = sums + shard * shardCount + offsets[node]
      for index in total.indices { total[index] += start[index] }
    }
    let count = batch * plan.count(node) / channels
    let (mean, variance) = Pass.moments(total, count: count)
    return (mean, variance, count)
  }
}
