import DFQGraph
package import DFQTensor

/// Runs a plan over batches, forward and backward.
///
/// The batch is split into a fixed number of shards (shares that depend on the batch alone), and a
/// shard into groups of a few images; sums over images run within a group, then over the groups of a
/// shard and then over the shards, each in order: results are the same bits for any number of
/// threads. Where no loss couples the images, a group is computed forward and backward before the
/// next one and stays in the cache.
package final class Executor: @unchecked Sendable {
  package let plan: Plan
  package let context: ExecutionContext
  package let transform: (any ActivationTransform)?
  /// How many versions of the parameters there are, one after the other: one for each bit-width
  /// weights may be chosen at.
  package let banks: Int
  let runner: ConvolutionRunner
  let winograd: WinogradPlan
  let integers: IntegerWeights
  let groupLimit: WinogradPlan.GroupLimit
  /// The parameters of the current pass.
  let parameters: FloatBuffer
  let normMemory: FloatBuffer
  let transposed: FloatBuffer
  let winogradWeights: FloatBuffer
  /// What `parameters` and what follows from it were made of.
  var prepared: Prepared?
  /// Whether the images of the current pass are computed alone, with weights made for it.
  var computesSingleImage = false
  private(set) var shards: [Shard] = []
  private var scratch: [FloatBuffer] = []
  /// Floats of a thread's scratch where it computes whole images.
  private(set) var scratchCount = 0
  /// Floats of a thread's scratch where it computes rows of images with others; 0 before.
  private var teamScratch = 0
  private var layouts: [LayoutKey: ValueLayout] = [:]
  private var kept = FloatBuffer(0)
  private var transient = FloatBuffer(0)
  private var gradients = FloatBuffer(0)
  /// The last pass's gradient at the parameters: its memory is used again once nobody else has it.
  var spareGradient: [Float] = []
  let nodeHasConsumer: [Bool]

  /// The most shards a batch is split into.
  package static let shardLimit = 8

  package init(
    plan: Plan, context: ExecutionContext, transform: (any ActivationTransform)? = nil,
    banks: Int = 1
  ) {
    self.plan = plan
    self.context = context
    self.transform = transform
    self.banks = banks
    runner = ConvolutionRunner(context: context)
    winograd = WinogradPlan(plan, context: context)
    integers = IntegerWeights(IntegerPlan(plan, context: context), banks: banks)
    // Images whose weights differ cannot share a product.
    groupLimit = banks == 1 && winograd.hasGroups ? winograd.groupLimit : .single
    parameters = FloatBuffer(banks * plan.layout.count)
    normMemory = FloatBuffer(plan.normMemoryCount)
    transposed = FloatBuffer(banks * plan.transposedCount)
    winogradWeights = FloatBuffer(banks * winograd.weightCount)
    nodeHasConsumer = plan.graph.consumers().map { !$0.isEmpty }
    scratchCount = wholeScratchCount()
  }

  private func wholeScratchCount() -> Int {
    let directs = plan.steps.map { step in
      guard case .convolution(let convolution) = step.kind, convolution.style == .dense else {
        return 0
      }
      return directScratchCount(convolution.shape, rows: 0..<convolution.shape.outputHeight)
    }
    return max(
      plan.scratchCount, winograd.scratchCount, integers.plan.scratchCount, directs.max() ?? 0)
  }

  func scratch(member: Int) -> UnsafeMutablePointer<Float> { scratch[member].start }

  /// A shard's range of images.
  func shardRange(_ shard: Int, batch: Int) -> Range<Int> {
    let shards = shardCount(batch)
    return shard * batch / shards..<(shard + 1) * batch / shards
  }

  /// The most shards any network's batch is split into: eight images a shard at least, because every
  /// shard has gradients of its own to clear and add, but four shards for any batch that has as many
  /// images.
  package static func shardCount(_ batch: Int) -> Int {
    min(shardLimit, max(min(batch, 4), batch / 8))
  }

  /// The shards of a batch: fewer where parameters are many, whose gradients count more than
  /// threads do.
  func shardCount(_ batch: Int) -> Int {
    plan.layout.count > Executor.manyParameters
      ? min(Executor.shardLimit, max(min(batch, 2), batch / 8)) : Executor.shardCount(batch)
  }

  /// Floats of parameters that are many times what stays in a core's cache.
  private static let manyParameters = 1 << 22

  /// Memory for a pass: kept values per image where images wait for each other, else per thread;
  /// the others per image where they wait within the forward pass.
  func reserve(
    batch: Int, layout: ValueLayout, coupled: Bool, gradients wantsGradients: Bool, training: Bool,
    teamsUp: Bool
  ) {
    let threads = context.pool.threads
    if teamsUp, teamScratch == 0 {
      teamScratch = teamScratchCount(threads)
      if teamScratch > scratchCount { scratch = [] }
    }
    while scratch.count < threads { scratch.append(FloatBuffer(max(scratchCount, teamScratch))) }
    let slots = slots(batch: batch, coupled: coupled, training: training)
    let (keptCount, transientCount) =
      (slots.kept * layout.keptCount, slots.transient * layout.transientCount)
    if kept.count < keptCount { kept = FloatBuffer(keptCount) }
    if transient.count < transientCount { transient = FloatBuffer(transientCount) }
    guard wantsGradients else { return }
    while shards.count < shardCount(batch) { shards.append(Shard(plan: plan, banks: banks)) }
    let gradientCount = slots.gradients * plan.gradientCount
    if gradients.count < gradientCount { gradients = FloatBuffer(gradientCount) }
  }

  /// The images that memory is taken for.
  func slots(
    batch: Int, coupled: Bool, training: Bool
  ) -> (kept: Int, transient: Int, gradients: Int) {
    let threads = context.pool.threads
    let group = threads * groupLimit.memory(coupled: coupled)
    return (coupled ? batch : group, training ? batch : group, training ? batch : group)
  }

  /// The values and gradients of some images of a shard: in the memory of a thread, or in their own
  /// where they wait for others.
  func arenas(
    _ images: Range<Int>, worker: Int, layout: ValueLayout, coupled: Bool, training: Bool
  ) -> (kept: Arenas, transient: Arenas, gradients: Arenas) {
    func arenas(_ buffer: FloatBuffer, step: Int, perImage: Bool) -> Arenas {
      perImage
        ? Arenas(start: buffer.start, step: step, first: 0)
        : Arenas(
          start: buffer.start + worker * groupLimit.memory(coupled: coupled) * step,
          step: step, first: images.lowerBound)
    }
    return (
      arenas(kept, step: layout.keptCount, perImage: coupled),
      arenas(transient, step: layout.transientCount, perImage: training),
      arenas(gradients, step: plan.gradientCount, perImage: training)
    )
  }

  private struct LayoutKey: Hashable {
    let retention: ValueLayout.Retention
    let pinned: [Int]
    let integers: [IntegerWeights.Readiness]
  }

  /// Where a request's values lie; made once for each kind of request.
  ///
  /// The parameters are prepared before.
  func layout(for request: PassRequest) -> ValueLayout {
    let objectives =
      request.imageObjectives.map(\.node) + request.momentObjectives.map(\.node)
    let retention: ValueLayout.Retention =
      !request.wantsGradient
      ? .nothing
      : request.parameterGradient || transform != nil ? .everything : .imageGradient
    let key = LayoutKey(
      retention: retention, pinned: Set(request.outputs + objectives).sorted(),
      integers: integers.readiness)
    if let layout = layouts[key] { return layout }
    let layout = ValueLayout(
      plan, retention: retention, pinned: key.pinned, integers: key.integers)
    layouts[key] = layout
    return layout
  }

  /// The bank an image's layer computes with.
  func bank(_ layer: Int, _ image: Int) -> Int {
    banks == 1 ? 0 : transform!.bank(layer: layer, image: image)
  }

  /// What one shard adds up.
  final class Shard: @unchecked Sendable {
    let parameterGradient: FloatBuffer
    /// Gradients at scale and shift, laid out like the norm memory.
    let normGradient: FloatBuffer
    init(plan: Plan, banks: Int) {
      parameterGradient = FloatBuffer(banks * plan.layout.count)
      normGradient = FloatBuffer(plan.normMemoryCount)
    }
  }
}
