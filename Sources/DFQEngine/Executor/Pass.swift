import DFQGraph
import DFQTensor

/// The state of one pass; written by the shards at places no two of them share.
final class Pass: @unchecked Sendable {
  let executor: Executor
  let request: PassRequest
  let batch: Int
  let coupled: Bool
  let layout: ValueLayout
  var images: UnsafePointer<Float>?
  let plan: Plan
  /// By objective and image.
  let losses: UnsafeMutableBufferPointer<Double>
  /// By per-image moment objective and image.
  let imageMomentLosses: UnsafeMutableBufferPointer<Double>
  var momentLosses: [Double]
  /// The gradient of the coupled moment objectives, by objective.
  var momentGradients: [(offset: [Float], slope: [Float])?]
  /// The objectives of each node.
  let imageObjectivesByNode: [[Int]]
  let momentObjectivesByNode: [[Int]]
  var moments: PassMoments
  let imageGradient: FloatBuffer?
  let outputs: [FloatBuffer]
  var statistics: [(mean: [Double], variance: [Double])] = []
  /// In training: what the next sweep adds to the gradient at a normalization's input.
  var correction: (position: Int, offset: [Float], slope: [Float])?

  init(
    executor: Executor, request: PassRequest, layout: ValueLayout, batch: Int, coupled: Bool
  ) {
    self.executor = executor
    self.request = request
    self.batch = batch
    self.coupled = coupled
    self.layout = layout
    plan = executor.plan
    losses = .allocate(capacity: request.imageObjectives.count * batch)
    losses.initialize(repeating: 0)
    imageMomentLosses = .allocate(capacity: request.momentObjectives.count * batch)
    imageMomentLosses.initialize(repeating: 0)
    momentLosses = [Double](repeating: 0, count: request.momentObjectives.count)
    momentGradients = .init(repeating: nil, count: request.momentObjectives.count)
    func byNode(_ nodes: [Int]) -> [[Int]] {
      var lists = [[Int]](repeating: [], count: executor.plan.counts.count)
      for (index, node) in nodes.enumerated() { lists[node].append(index) }
      return lists
    }
    imageObjectivesByNode = byNode(request.imageObjectives.map(\.node))
    momentObjectivesByNode = byNode(request.momentObjectives.map(\.node))
    moments = PassMoments([], plan: executor.plan, shards: 0)
    imageGradient = request.imageGradient ? FloatBuffer(batch * executor.plan.count(0)) : nil
    outputs = request.outputs.map { [plan] in FloatBuffer(batch * plan.count($0)) }
  }

  deinit {
    losses.deallocate()
    imageMomentLosses.deallocate()
  }

  /// The images of a group, at most.
  private var groupLimit: Int {
    let limit = executor.groupLimit
    if request.mode == .training { return limit.training }
    return coupled ? limit.coupled : request.wantsGradient ? limit.near : limit.inference
  }

  /// Calls `body` for every group; shard by shard where shards add something up.
  func forEachGroup(_ body: @escaping @Sendable (_ group: ImageGroup) -> Void) {
    let limit = groupLimit
    if !request.wantsGradient && !coupled && executor.transform == nil {
      // As large as the limit allows, as long as there is one for every thread.
      let size = min(
        limit, max(1, (batch + executor.context.pool.threads - 1) / executor.context.pool.threads))
      let pass = Invariants(self)
      return executor.context.pool.forEach((batch + size - 1) / size) { [self] place, worker in
        let images = place * size..<min((place + 1) * size, batch)
        body(group(images, shard: 0, worker: worker, pass))
      }
    }
    executor.context.pool.forEach(executor.shardCount(batch)) { [self] shard, worker in
      forEachGroup(shard: shard, worker: worker, isForward: true, body)
    }
  }

  /// Calls `body` for the groups of a shard, from the first image on or from the last.
  func forEachGroup(
    shard: Int, worker: Int, isForward: Bool, _ body: (_ group: ImageGroup) -> Void
  ) {
    let range = executor.shardRange(shard, batch: batch)
    let limit = groupLimit
    let count = (range.count + limit - 1) / limit
    let pass = Invariants(self)
    for place in 0..<count {
      let first = range.lowerBound + (isForward ? place : count - 1 - place) * limit
      let images = first..<min(first + limit, range.upperBound)
      body(group(images, shard: shard, worker: worker, pass))
    }
  }

  /// Calls `body` on every thread at once for each image, one after the other.
  func forEachImageInTeam(
    _ body: @escaping @Sendable (_ group: ImageGroup, _ member: Int, _ team: Team) -> Void
  ) {
    let pass = Invariants(self)
    executor.context.pool.runTeam { [self] member, team in
      for image in 0..<batch {
        // The values are the first thread's, the scratch is each one's own.
        var group = group(
          image..<image + 1, shard: image * executor.shardCount(batch) / batch, worker: 0, pass)
        group.scratch = executor.scratch(member: member)
        body(group, member, team)
      }
    }
  }

  /// What is the same for all groups of a run over the batch.
  private struct Invariants: Sendable {
    let training: Bool
    let dropsValues: Bool
    let corrections: NodeTable<Float>
    let exceedsCaches: Bool

    /// Bytes of values of which little is left in the last cache by the time they are read again:
    /// measured, reading 150 MB is as slow as reading more, and 40 MB is twice as fast.
    private static let cacheLimit = 128 << 20

    init(_ pass: Pass) {
      training = pass.request.mode == .training
      dropsValues = !pass.request.wantsGradient
      corrections = pass.moments.correctionTable
      let bytes = pass.batch * pass.layout.keptCount * MemoryLayout<Float>.stride
      exceedsCaches = pass.coupled && bytes > Invariants.cacheLimit
    }
  }

  private func group(
    _ images: Range<Int>, shard: Int, worker: Int, _ pass: Invariants
  ) -> ImageGroup {
    let arenas = executor.arenas(
      images, worker: worker, layout: layout, coupled: coupled, training: pass.training)
    return ImageGroup(
      images: images, shard: shard, layout: layout, scratch: executor.scratch(member: worker),
      kept: arenas.kept, transient: arenas.transient, gradients: arenas.gradients,
      fusesNormalizations: !pass.training,
      absorbsNormalizations: pass.training && executor.transform == nil, isCold: coupled,
      exceedsCaches: pass.exceedsCaches,
      dropsValues: pass.dropsValues, moments: moments.sums(shard: shard),
      corrections: pass.corrections)
  }

  /// Copies a group's images into its arenas.
  func load(_ group: ImageGroup) {
    for image in group.images { executor.load(images!, image: image, group: group) }
  }

  /// Keeps the outputs a group was asked for.
  func keepOutputs(_ group: ImageGroup) {
    for (place, node) in request.outputs.enumerated() {
      let count = plan.count(node)
      for image in group.images {
        (outputs[place].start + image * count).update(
          from: group.value(node, image), count: count)
      }
    }
  }
}
