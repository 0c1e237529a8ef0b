package import DFQGraph
package import DFQTensor

/// Runs a plan over batches, forward and backward.
///
/// It owns what lives longer than a pass: the ``PreparedWeights``, the ``Arena`` and the layouts of
/// values. ``run(images:parameters:request:)`` checks a request, prepares the weights, takes the
/// memory, and lets a ``Pass`` do the work with a ``StepRunner``.
///
/// The batch is split into logical ``Shards``, and a shard into groups of a few images. Sums over
/// images run within a group, then over the groups of a shard and then over the shards, each in order:
/// results are the same bits for any number of threads. Where no loss couples the images, a group is
/// computed forward and backward before the next one and stays in the cache.
package final class Executor: @unchecked Sendable {
  package let plan: Plan
  package let context: ExecutionContext
  private let transform: (any ActivationTransform)?
  private let weights: PreparedWeights
  private let runner: StepRunner
  private let arena: Arena
  private var layouts: [LayoutKey: ValueLayout] = [:]
  /// A pass of which only the forward half is done; its values are in the arena until the next pass.
  var begun: Pass?

  /// How many versions of the parameters there are, one after the other.
  var banks: Int { weights.banks }

  package init(
    plan: Plan, context: ExecutionContext, transform: (any ActivationTransform)? = nil,
    banks: Int = 1
  ) {
    if context.backend == .blas { BLAS.useOneThread() }
    self.plan = plan
    self.context = context
    self.transform = transform
    weights = PreparedWeights(plan: plan, context: context, transform: transform, banks: banks)
    runner = StepRunner(weights: weights)
    arena = Arena(
      plan: plan, threads: context.pool.threads, scratchCount: runner.scratchCount)
  }

  /// The sums over the shards of a batch.
  package func reduction(batch: Int) -> Reduction {
    Reduction(
      Shards(batch: batch, parameters: plan.layout.count), communicator: context.communicator)
  }

  /// Runs one batch N H W C forward and, where gradients are asked for, backward.
  ///
  /// - Throws: ``NetworkError`` where the images, the parameters or a node of the request do not fit
  ///   the network, what the request's objectives throw, and the errors of the communicator.
  package func run(
    images: Tensor, parameters values: [Float], request: PassRequest
  ) throws -> PassResult {
    try withPass(images: images, parameters: values, request: request) { pass in
      pass.run()
      return try result(of: pass)
    }
  }

  /// Checks a request, prepares the weights, takes the memory and calls `body` with a pass.
  func withPass<Result>(
    images: Tensor, parameters values: [Float], request: PassRequest,
    _ body: (Pass) throws -> Result
  ) throws -> Result {
    begun = nil
    try check(images: images, parameters: values, request: request)
    let batch = images.rowCount
    let reduction = reduction(batch: batch)
    var policy = policy(request, batch: batch)
    weights.prepare(
      values, mode: request.mode, transposing: request.wantsGradient,
      keeping: !request.parameterGradient,
      isSingleImage: weights.winograd.differsForSingleImage && !request.wantsGradient
        && batch <= Shards.count(batch: batch))
    let layout = layout(for: request)
    settle(&policy, layout: layout, batch: batch)
    arena.reserve(
      policy, layout: layout, shards: reduction.shards, banks: banks,
      teamScratch: runner.teamScratchCount(context.pool.threads))
    return try images.withUnsafeElements { source in
      try body(
        Pass(
          request, images: source.baseAddress!, policy: policy, layout: layout,
          reduction: reduction, runner: runner, arena: arena))
    }
  }

  /// What a pass gave, once all processes have answered.
  func result(of pass: Pass) throws -> PassResult {
    let result = pass.result()
    transform?.gather(pass.reduction)
    try pass.reduction.check()
    return result
  }

  /// Floats of values of which much is left in the last cache by the time they are read again:
  /// measured, reading 150 MB is as slow as reading more, and 40 MB is twice as fast.
  private static let cachedFloats = (128 << 20) / MemoryLayout<Float>.stride

  private func policy(_ request: PassRequest, batch: Int) -> PassPolicy {
    PassPolicy(
      request, batch: batch, limit: weights.groupLimit, hasTransform: transform != nil,
      context: context)
  }

  /// Decides what depends on the size of the batch's values.
  private func settle(_ policy: inout PassPolicy, layout: ValueLayout, batch: Int) {
    if let limit = context.memoryLimit, policy.coupling == .moments, !policy.hasTransform {
      policy.recomputes = 4 * floats(policy, layout: layout, batch: batch) > limit
    }
    policy.exceedsCaches =
      policy.keepsBatch && batch * layout.keptCount > Executor.cachedFloats
  }

  private struct LayoutKey: Hashable {
    let retention: ValueLayout.Retention
    let pinned: [Int]
    let integers: [IntegerWeights.Readiness]
  }

  /// Where a request's values lie; made once for each kind of request, after the parameters are
  /// prepared.
  private func layout(for request: PassRequest) -> ValueLayout {
    let objectives =
      request.imageObjectives.map(\.node) + request.momentObjectives.map(\.node)
    let retention: ValueLayout.Retention =
      !request.wantsGradient
      ? .nothing
      : request.parameterGradient || transform != nil ? .everything : .imageGradient
    let key = LayoutKey(
      retention: retention, pinned: Set(request.outputs + objectives).sorted(),
      integers: weights.integers.readiness)
    if let layout = layouts[key] { return layout }
    let layout = ValueLayout(
      plan, retention: retention, pinned: key.pinned, integers: key.integers)
    layouts[key] = layout
    return layout
  }

  /// The bytes an executor holds for passes over `batch` images.
  ///
  /// Documentation/Performance.md has the formula; the memory is taken at the first pass and reused
  /// by all that follow.
  package static func bytes(
    _ graph: Graph, batch: Int, request: PassRequest, context: ExecutionContext
  ) -> Int {
    let executor = Executor(plan: Plan(graph), context: context)
    var policy = executor.policy(request, batch: batch)
    let layout = executor.layout(for: request)
    executor.settle(&policy, layout: layout, batch: batch)
    return 4 * executor.floats(policy, layout: layout, batch: batch)
  }

  private func floats(_ policy: PassPolicy, layout: ValueLayout, batch: Int) -> Int {
    var floats = plan.layout.count + plan.normMemoryCount + plan.transposedCount
    floats += weights.winograd.weightCount
    floats += context.pool.threads * runner.scratchCount
    let slots = arena.slots(policy, batch: batch)
    floats += slots.kept * layout.keptCount + slots.transient * layout.transientCount
    if policy.wantsGradient { floats += slots.gradients * plan.gradientCount }
    // Gradients of each shard, and their sum.
    let shard = (policy.parameterGradient ? plan.layout.count : 0) + plan.normMemoryCount
    let shards = policy.wantsGradient ? reduction(batch: batch).shards.count : 0
    let sum = policy.parameterGradient ? plan.layout.count : 0
    return floats + shards * shard + sum
  }
}
