import DFQTensor

/// A program with packed weights, memory plan and kernels: what threads execute.
///
/// It never changes, so that any number of threads may execute it at the same time.
final class PreparedLevel: Sendable {
  /// A value's place and form.
  struct Slot: Sendable, BitwiseCopyable {
    /// In bytes.
    let offset: Int
    let count: Int
    /// 1 for a vector.
    let height: Int
    let width: Int
    let channels: Int
    /// The point on whose grid it lies, -1 in floating point.
    let point: Int

    var isCodes: Bool { point >= 0 }
  }

  let program: IntegerProgram
  let kernels: Kernels
  let slots: ConstantList<Slot>
  let steps: ConstantList<Step>
  let convolutions: ConstantList<PreparedConvolution>
  let decisions: ConstantList<PreparedDecision>
  let samples: ConstantList<PreparedSamples>
  /// The bytes of an image's values.
  let arenaByteCount: Int
  /// The bytes of a thread's scratch memory.
  let scratchByteCount: Int
  /// The bytes of the pixels that a team computes for a decision, 0 where none are divided among threads.
  let sampleByteCount: Int
  /// The floats of the largest value: room for one value before it is rounded.
  let rawCount: Int
  /// The floats that a decision needs.
  let workCount: Int
  /// The first of the steps that are computed for a group of images before the next one.
  let groupStart: Int
  /// The images of a group, 1 where all steps are computed image by image.
  let groupSize: Int
  /// The logits' unit in each pass where they are integers, else empty.
  let logitUnits: ConstantList<Float>
  private let store: ConstantStore
  /// The grids of each point's candidates.
  private nonisolated(unsafe) let grids: UnsafeMutablePointer<Grid>
  /// The most candidates of a point.
  private static let candidates = 8

  deinit { grids.deallocate() }

  /// The grid of a candidate of a point.
  func grid(_ point: Int, candidate: UInt8) -> Grid {
    grids[point * PreparedLevel.candidates + Int(candidate)]
  }

  /// - Parameters:
  ///   - program: A program that was checked.
  ///   - arithmetic: What follows its sums.
  ///   - isDirect: Whether no convolution takes Winograd's algorithms.
  ///   - kernels: The kernels that execute it.
  ///   - threads: The number of threads that compute an image together.
  /// - Throws: ``IntegerProgram/Flaw`` where it needs more memory than ``ProgramLimits`` allows,
  ///   ``RuntimeError/unsupported(layer:what:)`` where the arithmetic cannot compute a layer.
  init(
    _ program: IntegerProgram, arithmetic: IntegerNetwork.Arithmetic, isDirect: Bool,
    kernels: Kernels, threads: Int
  ) throws {
    self.program = program
    self.kernels = kernels
    let store = ConstantStore(
      weights: program.operations.reduce(0) { $0 + $1.storedWeightCount })
    let plan = MemoryPlan(program)
    slots = store.list(
      program.values.indices.map { index in
        let value = program.values[index]
        let isMap = value.shape.rank == 3
        return Slot(
          offset: plan.offsets[index], count: value.shape.count,
          height: isMap ? value.shape[0] : 1, width: isMap ? value.shape[1] : 1,
          channels: value.shape.dimensions.last!, point: value.point ?? -1)
      })
    let decisions = program.decisions.indices.map {
      PreparedDecision($0, in: program, store: store)
    }
    var builder = StepBuilder(
      program: program, decisions: decisions,
      usesWinograd: !isDirect && arithmetic == .float, kernels: kernels, threads: threads,
      store: store)
    var steps: [Step] = []
    for index in program.operations.indices {
      steps.append(try builder.step(index, after: steps.last))
    }
    StepBuilder.deferDecisions(of: &steps, in: program)
    var units: [Float] = []
    if arithmetic == .fixedPoint {
      units = try FixedPointBuilder(program: program, store: store).apply(to: &steps)
    }
    logitUnits = store.list(units)
    self.steps = store.list(steps)
    // Nothing is thrown from here on, so that this memory is always freed.
    grids = .allocate(capacity: max(program.points.count, 1) * PreparedLevel.candidates)
    for (point, form) in program.points.enumerated() {
      for candidate in 0..<PreparedLevel.candidates {
        (grids + point * PreparedLevel.candidates + candidate).initialize(
          to: form.grids[min(candidate, form.grids.count - 1)])
      }
    }
    convolutions = store.list(builder.convolutions)
    samples = store.list(builder.samples)
    sampleByteCount =
      builder.samples.filter { $0.shares.count > 0 }.map(\.valueByteCount).max() ?? 0
    scratchByteCount = builder.scratchByteCount
    self.decisions = store.list(decisions)
    arenaByteCount = plan.byteCount
    rawCount = program.values.map(\.shape.count).max()!
    groupStart = ImageGrouping.start(
      program,
      winogradByteCounts: steps.map { step in
        guard case .codeConvolution(let index) = step.kind else { return 0 }
        return builder.convolutions[index].winogradByteCount(kernels)
      })
    groupSize = groupStart < program.operations.count ? ImageGrouping.size : 1
    workCount = decisions.map(\.workCount).max() ?? 0
    self.store = store
  }

  /// Copies the logits of a pass, integers as multiples of their unit.
  func readLogits(
    _ arena: UnsafeMutableRawPointer, pass: Int, to logits: UnsafeMutablePointer<Float>
  ) {
    let slot = slots[slots.count - 1]
    let start = arena + slot.offset
    guard logitUnits.count > 0 else {
      return logits.update(from: start.assumingMemoryBound(to: Float.self), count: slot.count)
    }
    let numbers = start.assumingMemoryBound(to: Int32.self)
    for index in 0..<slot.count { logits[index] = Float(numbers[index]) * logitUnits[pass] }
  }
}
