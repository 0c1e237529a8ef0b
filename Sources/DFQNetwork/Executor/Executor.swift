package import DFQTensor

/// Runs a plan over batches, forward and backward.
///
/// The batch is split into a fixed number of lanes (shares that depend on the batch alone), every
/// image is computed on its own, and sums over images run within a lane in order and then over the
/// lanes in order: results are the same bits for any number of threads. Where no loss couples the
/// images, one image's values are forward and backward before the next one's and stay in the cache.
package final class Executor: @unchecked Sendable {
  package let plan: Plan
  package let context: ExecutionContext
  package let transform: (any ActivationTransform)?
  /// How many versions of the parameters there are, one after the other: one for each bit-width
  /// weights may be chosen at.
  package let banks: Int
  let runner: ConvolutionRunner
  /// The parameters of the current pass.
  let parameters: FloatBuffer
  let normMemory: FloatBuffer
  let transposed: FloatBuffer
  private(set) var lanes: [Lane] = []
  private var arenas: [FloatBuffer] = []
  private var gradientArenas: [FloatBuffer] = []
  let nodeHasConsumer: [Bool]

  /// The most lanes a batch is split into.
  package static let laneLimit = 8

  package init(
    plan: Plan, context: ExecutionContext, transform: (any ActivationTransform)? = nil,
    banks: Int = 1
  ) {
    self.plan = plan
    self.context = context
    self.transform = transform
    self.banks = banks
    runner = ConvolutionRunner(context: context)
    parameters = FloatBuffer(banks * plan.layout.count)
    normMemory = FloatBuffer(plan.normMemoryCount)
    transposed = FloatBuffer(banks * plan.transposedCount)
    nodeHasConsumer = plan.graph.consumers().map { !$0.isEmpty }
  }

  /// The lane each image of a batch belongs to is `image * lanes / batch`; this is its range of
  /// images.
  package static func laneRange(_ lane: Int, batch: Int) -> Range<Int> {
    let lanes = laneCount(batch)
    return lane * batch / lanes..<(lane + 1) * batch / lanes
  }

  package static func laneCount(_ batch: Int) -> Int { min(laneLimit, batch) }

  /// Memory for a pass: values per image where images wait for each other, else per lane.
  func reserve(batch: Int, coupled: Bool, gradients: Bool, training: Bool) {
    while lanes.count < Executor.laneCount(batch) { lanes.append(Lane(plan: plan, banks: banks)) }
    let values = coupled ? batch : Executor.laneCount(batch)
    while arenas.count < values { arenas.append(FloatBuffer(plan.arenaCount)) }
    guard gradients else { return }
    let gradientValues = training ? batch : Executor.laneCount(batch)
    while gradientArenas.count < gradientValues {
      gradientArenas.append(FloatBuffer(plan.gradientCount))
    }
  }

  func arena(_ index: Int) -> UnsafeMutablePointer<Float> { arenas[index].start }
  func gradientArena(_ index: Int) -> UnsafeMutablePointer<Float> { gradientArenas[index].start }

  /// The bank an image's layer computes with.
  func bank(_ layer: Int, _ image: Int) -> Int {
    banks == 1 ? 0 : transform!.bank(layer: layer, image: image)
  }

  /// What one lane adds up and works in.
  final class Lane: @unchecked Sendable {
    let scratch: FloatBuffer
    let parameterGradient: FloatBuffer
    /// Gradients at scale and shift, laid out like the norm memory.
    let normGradient: FloatBuffer
    /// Sums and sums of squares of the moment being gathered, at most the widest value's channels
    /// each.
    var moments: [[Double]] = []

    init(plan: Plan, banks: Int) {
      scratch = FloatBuffer(plan.scratchCount)
      parameterGradient = FloatBuffer(banks * plan.layout.count)
      normGradient = FloatBuffer(plan.normMemoryCount)
    }
  }
}
