import DFQGraph
import DFQTensor

/// One pass over a batch: the schedule in which groups of images are computed, and when they wait for
/// each other.
///
/// It owns what differs from pass to pass and borrows the executor's parts: the ``StepRunner``, the
/// ``PreparedWeights`` and the ``Arena``. Calls go from here to them only.
final class Pass: @unchecked Sendable {
  let runner: StepRunner
  let arena: Arena
  private(set) var request: PassRequest
  let policy: PassPolicy
  let layout: ValueLayout
  let reduction: Reduction
  private(set) var losses: LossAccumulator
  let images: UnsafePointer<Float>
  let outputs: [FloatBuffer]
  var statistics: [(mean: [Double], variance: [Double])] = []

  var plan: Plan { runner.plan }
  var pool: WorkerPool { runner.context.pool }
  var batch: Int { reduction.shards.batch }

  init(
    _ request: PassRequest, images: UnsafePointer<Float>, policy: PassPolicy, layout: ValueLayout,
    reduction: Reduction, runner: StepRunner, arena: Arena
  ) {
    self.request = request
    self.images = images
    self.policy = policy
    self.layout = layout
    self.reduction = reduction
    self.runner = runner
    self.arena = arena
    let batch = reduction.shards.batch
    losses = LossAccumulator(request, runner: runner, batch: batch)
    outputs = request.outputs.map { FloatBuffer(batch * runner.plan.count($0)) }
  }

  /// Computes the batch.
  func run() {
    clearGradients()
    switch policy.coupling {
    case .separate: policy.teamsUp ? runTeam() : runSeparate()
    case .moments: runCoupled()
    case .batchNorm: runTraining()
    }
  }

  /// Computes a batch of training forward; its values stay where they are.
  func begin() {
    prepareMoments()
    inSweeps { [self] sweeps in forwardTraining(&sweeps) }
  }

  /// Goes backward over the batch of ``begin()``, with losses that are known only now.
  func finish(_ objectives: [any ImageObjective]) {
    clearGradients()
    request.imageObjectives = objectives
    let moments = losses.moments
    losses = LossAccumulator(request, runner: runner, batch: batch)
    losses.moments = moments
    inSweeps(after: plan.normSteps.count + 1) { [self] sweeps in backwardTraining(&sweeps) }
  }

  /// The weights of layers whose gradients a shard's only group clears part by part, right before it adds to them: they are many,
  /// and clearing them before would take them through memory once more.
  private var clearedLate: [Range<Int>] {
    guard clearsManyWeights else { return [] }
    return plan.steps.compactMap { step in
      if case .linear(let linear) = step.kind, linear.hasManyWeights { linear.weight } else { nil }
    }
  }

  /// Whether every shard is one group, which goes backward over every layer once.
  private var clearsManyWeights: Bool {
    policy.coupling == .batchNorm
      && reduction.own.allSatisfy {
        (2...max(policy.groupLimit, 2)).contains(reduction.shards.images(of: $0).count)
      } && policy.groupLimit > 1
  }

  private func clearGradients() {
    let clearedLate = clearedLate
    if policy.wantsGradient {
      pool.forEach(reduction.own.count) { [self] place, _ in
        let shard = reduction.own.lowerBound + place
        if policy.parameterGradient { arena.parameterGradient.clear(shard, except: clearedLate) }
        // Training-mode batch norm needs these sums for the gradient at the images too.
        arena.normGradient.clear(shard)
      }
    }
  }

  /// Calls `body` for every group; shard by shard where shards add something up.
  func forEachGroup(_ body: @escaping @Sendable (_ group: ImageGroup) -> Void) {
    if !policy.wantsGradient && !policy.isCoupled && !policy.hasTransform {
      // As large as the limit allows, as long as there is one for every thread.
      let all = reduction.ownImages
      let size = min(policy.groupLimit, max(1, (all.count + pool.threads - 1) / pool.threads))
      return pool.forEach((all.count + size - 1) / size) { [self] place, worker in
        let first = all.lowerBound + place * size
        body(group(first..<min(first + size, all.upperBound), shard: 0, worker: worker))
      }
    }
    let own = reduction.own
    pool.forEach(own.count) { [self] place, worker in
      forEachGroup(shard: own.lowerBound + place, worker: worker, isForward: true, body)
    }
  }

  /// Calls `body` for the groups of a shard, from the first image on or from the last.
  func forEachGroup(
    shard: Int, worker: Int, isForward: Bool, _ body: (_ group: ImageGroup) -> Void
  ) {
    let range = reduction.shards.images(of: shard)
    let limit = policy.groupLimit
    let count = (range.count + limit - 1) / limit
    for place in 0..<count {
      let first = range.lowerBound + (isForward ? place : count - 1 - place) * limit
      body(group(first..<min(first + limit, range.upperBound), shard: shard, worker: worker))
    }
  }

  /// Calls `body` on every thread at once for each image, one after the other.
  func forEachImageInTeam(
    _ body: @escaping @Sendable (_ group: ImageGroup, _ member: Int, _ team: Team) -> Void
  ) {
    pool.runTeam { [self] member, team in
      for image in reduction.ownImages {
        // The values are in the first thread's memory; every thread has its own scratch.
        var group = group(
          image..<image + 1, shard: reduction.shards.shard(of: image), worker: 0)
        group.scratch = arena.scratch(member: member)
        body(group, member, team)
      }
    }
  }

  private func group(_ images: Range<Int>, shard: Int, worker: Int) -> ImageGroup {
    let memory = arena.memory(images, worker: worker, layout: layout, policy: policy)
    return ImageGroup(
      images: images, shard: shard, layout: layout, scratch: arena.scratch(member: worker),
      kept: memory.kept, transient: memory.transient, gradients: memory.gradients, policy: policy,
      parameterGradient: policy.parameterGradient ? arena.parameterGradient[shard] : nil,
      clearsManyWeights: clearsManyWeights,
      normGradient: policy.wantsGradient ? arena.normGradient[shard] : nil,
      moments: losses.moments.sums(shard: shard), corrections: losses.moments.correctionTable)
  }

  /// Copies a group's images into its memory.
  func load(_ group: ImageGroup) {
    for image in group.images { runner.load(images, image: image, group: group) }
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
