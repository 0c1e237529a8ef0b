public import DFQGraph
public import DFQTensor

extension Executor {
  /// The bytes an executor holds for passes over `batch` images.
  ///
  /// Documentation/Performance.md has the formula; the memory is taken at the first pass and reused
  /// by all that follow.
  package static func bytes(
    _ graph: Graph, batch: Int, request: PassRequest, context: ExecutionContext
  ) -> Int {
    let executor = Executor(plan: Plan(graph), context: context)
    let plan = executor.plan
    let training = request.mode == .training
    let coupled = training || request.momentObjectives.contains { !$0.isPerImage }
    let threads = context.pool.threads
    var floats = plan.layout.count + plan.normMemoryCount + plan.transposedCount
    floats += executor.winograd.weightCount
    floats += threads * executor.scratchCount
    let slots = executor.slots(batch: batch, coupled: coupled, training: training)
    let layout = executor.layout(for: request)
    floats += slots.kept * layout.keptCount + slots.transient * layout.transientCount
    if request.wantsGradient { floats += slots.gradients * plan.gradientCount }
    // Gradients of each shard, and their sum.
    let shard = plan.layout.count + plan.normMemoryCount
    let shards = request.wantsGradient ? executor.shardCount(batch) : 0
    let sum = request.parameterGradient ? plan.layout.count : 0
    return 4 * (floats + shards * shard + sum)
  }
}

extension FloatExecutor {
  /// The bytes that an executor holds for passes of a kind over `batch` images.
  public static func bytes(
    _ network: Network, batch: Int, request: PassRequest, context: ExecutionContext = .default
  ) -> Int {
    Executor.bytes(network.graph, batch: batch, request: request, context: context)
  }
}
