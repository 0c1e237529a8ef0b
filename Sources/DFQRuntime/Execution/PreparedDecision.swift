import DFQTensor

/// A decision, ready to be taken.
struct PreparedDecision: Sendable, BitwiseCopyable {
  /// A point whose bits are decided.
  struct Governed: Sendable, BitwiseCopyable {
    let point: Int
    /// The positions of its candidates by the decision's.
    let candidates: ConstantList<UInt8>
  }

  /// The value that is looked at.
  let value: Int
  /// The point that it lies on.
  let point: Int
  /// How many decisions in a row, with this one, look at the same value.
  let count: Int
  /// Whether the decision before has the same features.
  let sharesFeatures: Bool
  /// Whether it is looked at after it is rounded.
  let isRounded: Bool
  let features: PreparedFeatures
  let head: HeadArithmetic
  /// The levels per unit of the codes that the features are read from.
  let levels: Float
  let means: ConstantList<Float>
  let inverseDeviations: ConstantList<Float>
  /// Of a linear head by columns.
  let parameters: ConstantList<Float>
  let penalties: ConstantList<Float>
  let governs: ConstantList<Governed>

  /// Prepares the decision at a position of the program's.
  init(_ index: Int, in program: IntegerProgram, store: ConstantStore) {
    let decision = program.decisions[index]
    self.value = program.values.firstIndex { $0.point == decision.point }!
    let value = program.values[self.value]
    count = program.decisions[index...].prefix { $0.point == decision.point }.count
    if index > 0 {
      let before = program.decisions[index - 1]
      sharesFeatures =
        before.point == decision.point && before.means == decision.means
        && before.inverseDeviations == decision.inverseDeviations
    } else {
      sharesFeatures = false
    }
    let extent = value.shape.rank == 3 ? [value.shape[0], value.shape[1]] : [1, 1]
    let features = SelectorFeatures(
      kinds: decision.statistics, channels: value.shape.dimensions.last!, extent: extent,
      positions: decision.positions)
    point = decision.point
    isRounded = decision.isRounded
    self.features = PreparedFeatures(
      kinds: store.list(features.kinds), offsets: store.list(features.offsets),
      channels: features.channels)
    head = decision.head
    levels = decision.levels
    means = store.list(decision.means)
    inverseDeviations = store.list(decision.inverseDeviations)
    parameters = store.list(
      decision.hidden == 0 ? decision.head.byColumns(decision.parameters) : decision.parameters)
    penalties = store.list(decision.penalties)
    governs = store.list(
      decision.governs.map { Governed(point: $0.point, candidates: store.list($0.candidates)) })
  }

  /// The floats that taking the decision needs.
  var workCount: Int { means.count + head.hidden + penalties.count }
}

/// What a decision looks at.
struct PreparedFeatures: Sendable, BitwiseCopyable {
  let kinds: ConstantList<ChannelStatistic>
  let offsets: ConstantList<Int32>
  let channels: Int

  /// Writes the features of a value.
  func gather(
    _ value: UnsafePointer<Float>, levelsPerUnit: Float, kernels: Kernels,
    into output: UnsafeMutablePointer<Float>
  ) {
    SelectorFeatures.gather(
      value, offsets: offsets.buffer, kinds: kinds.buffer, channels: channels,
      levelsPerUnit: levelsPerUnit, kernels: kernels, into: output)
  }

  /// Writes the features of a value's codes.
  func gather(
    _ codes: UnsafePointer<UInt8>, grid: Grid, kernels: Kernels,
    into output: UnsafeMutablePointer<Float>
  ) {
    SelectorFeatures.gather(
      codes, grid: grid, offsets: offsets.buffer, kinds: kinds.buffer, channels: channels,
      kernels: kernels, into: output)
  }
}
