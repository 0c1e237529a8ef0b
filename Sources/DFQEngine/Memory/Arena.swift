import DFQTensor

/// The memory of passes.
///
/// It holds values, gradients and scratch of the images that are being computed, and the sums of each
/// shard. It is taken at the first pass of a kind and reused by all that follow.
final class Arena: @unchecked Sendable {
  private let plan: Plan
  private let threads: Int
  /// Floats of a thread's scratch where it computes whole images.
  private let scratchCount: Int
  /// Floats of a thread's scratch where it computes rows of images with others; 0 before.
  private var teamScratchCount = 0
  private var scratch: [FloatBuffer] = []
  private var kept = FloatBuffer(0)
  private var transient = FloatBuffer(0)
  private var gradients = FloatBuffer(0)
  /// The gradients at the parameters, bank after bank.
  private(set) var parameterGradient: ShardSums<Float>
  /// The gradients at scales and shifts of normalizations.
  private(set) var normGradient: ShardSums<Float>
  /// The last pass's gradient at the parameters: its memory is used again once nobody else has it.
  var spareGradient: [Float] = []

  init(plan: Plan, threads: Int, scratchCount: Int) {
    self.plan = plan
    self.threads = threads
    self.scratchCount = scratchCount
    parameterGradient = ShardSums(shards: 0, count: 0)
    normGradient = ShardSums(shards: 0, count: 0)
  }

  /// A thread's scratch.
  func scratch(member: Int) -> UnsafeMutablePointer<Float> { scratch[member].start }

  /// Takes the memory of a pass: kept values per image where images wait for each other, else per
  /// thread; the others per image where they wait at every batch norm.
  func reserve(
    _ policy: PassPolicy, layout: ValueLayout, shards: Shards, banks: Int,
    teamScratch: @autoclosure () -> Int
  ) {
    if policy.teamsUp, teamScratchCount == 0 {
      teamScratchCount = teamScratch()
      if teamScratchCount > scratchCount { scratch = [] }
    }
    while scratch.count < threads {
      scratch.append(FloatBuffer(max(scratchCount, teamScratchCount)))
    }
    let slots = slots(policy, batch: shards.batch)
    grow(&kept, to: slots.kept * layout.keptCount)
    grow(&transient, to: slots.transient * layout.transientCount)
    guard policy.wantsGradient else { return }
    grow(&gradients, to: slots.gradients * plan.gradientCount)
    if policy.parameterGradient, parameterGradient.shards < shards.count {
      parameterGradient = ShardSums(shards: shards.count, count: banks * plan.layout.count)
    }
    if normGradient.shards < shards.count {
      normGradient = ShardSums(shards: shards.count, count: plan.normMemoryCount)
    }
  }

  private func grow(_ buffer: inout FloatBuffer, to count: Int) {
    if buffer.count < count { buffer = FloatBuffer(count) }
  }

  /// The images that memory is taken for.
  func slots(
    _ policy: PassPolicy, batch: Int
  ) -> (kept: Int, transient: Int, gradients: Int) {
    let group = threads * policy.memoryLimit
    let isTraining = policy.coupling == .batchNorm
    return (
      policy.keepsBatch ? batch : group, isTraining ? batch : group, isTraining ? batch : group
    )
  }

  /// The values and gradients of some neighbouring images: in the memory of a thread, or in their own
  /// where they wait for others.
  func memory(
    _ images: Range<Int>, worker: Int, layout: ValueLayout, policy: PassPolicy
  ) -> (kept: ImageMemory, transient: ImageMemory, gradients: ImageMemory) {
    func memory(_ buffer: FloatBuffer, step: Int, perImage: Bool) -> ImageMemory {
      perImage
        ? ImageMemory(start: buffer.start, step: step, first: 0)
        : ImageMemory(
          start: buffer.start + worker * policy.memoryLimit * step, step: step,
          first: images.lowerBound)
    }
    let isTraining = policy.coupling == .batchNorm
    return (
      memory(kept, step: layout.keptCount, perImage: policy.keepsBatch),
      memory(transient, step: layout.transientCount, perImage: isTraining),
      memory(gradients, step: plan.gradientCount, perImage: isTraining)
    )
  }
}

/// Values (or gradients) of neighbouring images: one image's after the other's, `step` floats
/// apart.
struct ImageMemory: @unchecked Sendable {
  /// The first image's.
  let start: UnsafeMutablePointer<Float>
  let step: Int
  let first: Int

  subscript(image: Int) -> UnsafeMutablePointer<Float> { start + (image - first) * step }
}
