import DFQGraph

/// Where the values of one image lie: those that are there when all steps are done in one memory,
/// the others in a second one, each for as long as it is needed, so that a pass touches as little
/// memory as it can.
struct ValueLayout: Sendable {
  /// Which values the backward pass needs besides the pinned ones.
  enum Retention: Sendable {
    /// All.
    case everything
    /// What the gradient at the images needs: no inputs of convolutions and linear layers.
    case imageGradient
    /// None.
    case nothing
  }

  let retention: Retention
  /// Offset of each node's value, -1 where there is none; in the memory of kept values where
  /// `isKept`.
  let value: [Int]
  /// Offset of each node's transformed value, -1 where there is none; in the memory of kept values
  /// where `keepsTransformed`.
  let transformed: [Int]
  /// Offset of the codes of each node's transformed value, -1 where nobody reads them.
  let codes: [Int]
  /// Offset of one bit for each element of a node, which tells the slope of its activation there, so
  /// that the residual need not be kept; -1 where nobody reads them.
  let activationMask: [Int]
  /// Floats of one image's kept values, and of its others.
  let keptCount: Int
  let transientCount: Int
  /// The nodes whose values are there when all steps are done.
  let isKept: [Bool]
  /// The nodes whose values somebody asked for.
  let isPinned: [Bool]

  /// Whether transformed values are there when all steps are done: the gradient at the weights reads
  /// them.
  var keepsTransformed: Bool { retention == .everything }

  /// `integers` tells which steps read codes instead of floats.
  init(
    _ plan: Plan, retention: Retention, pinned: [Int], integers: [IntegerWeights.Readiness]
  ) {
    var kept = ValueLayout.kept(plan, retention)
    var asked = [Bool](repeating: false, count: kept.count)
    for node in pinned {
      kept[node] = true
      asked[node] = true
    }
    isKept = kept
    self.retention = retention
    isPinned = asked
    let never = plan.steps.count
    // The last step that reads each node. One more step is waited for, because a convolution and
    // the normalization after it may be computed in one go.
    var lastRead = [Int](repeating: -1, count: plan.graph.nodes.count)
    for (position, inputs) in plan.inputs.enumerated() {
      for node in inputs { lastRead[node] = position + 1 }
    }
    var memory = (kept: IntervalMemory(), transient: IntervalMemory())
    func take(_ floats: Int, kept: Bool, until end: Int) -> Int {
      kept
        ? memory.kept.take(aligned(floats), until: never)
        : memory.transient.take(aligned(floats), until: end)
    }
    var value = [Int](repeating: -1, count: plan.graph.nodes.count)
    var transformed = value
    var codes = value
    var activationMask = value
    let hasBits = ValueLayout.bits(plan, retention)
    // Whether any step reads a node's codes, and whether any reads its transformed floats.
    var readsCodes = [Bool](repeating: false, count: value.count)
    var readsFloats = readsCodes
    for (inputs, readiness) in zip(plan.inputs, integers) {
      for node in inputs {
        if readiness != .nowhere { readsCodes[node] = true }
        if readiness != .everywhere { readsFloats[node] = true }
      }
    }
    for (position, node) in zip((-1)..., [0] + plan.steps.map(\.output)) {
      memory.transient.release(before: position)
      let isTransformed = plan.transformPoint[node] != nil
      let end = max(lastRead[node], position + 1)
      value[node] = take(
        plan.count(node), kept: kept[node], until: isTransformed ? position + 1 : end)
      if hasBits[node] {
        activationMask[node] = take(plan.count(node) / 32, kept: true, until: never)
      }
      guard isTransformed else { continue }
      if retention != .nothing || readsFloats[node] || !readsCodes[node] {
        transformed[node] = take(
          plan.count(node), kept: retention == .everything, until: end)
      }
      if readsCodes[node] {
        codes[node] = take((plan.count(node) + 3) / 4, kept: false, until: end)
      }
    }
    self.value = value
    self.transformed = transformed
    self.codes = codes
    self.activationMask = activationMask
    keptCount = memory.kept.count
    transientCount = memory.transient.count
  }

  private static func kept(_ plan: Plan, _ retention: Retention) -> [Bool] {
    var kept = [Bool](
      repeating: retention == .everything, count: plan.graph.nodes.count)
    guard retention == .imageGradient else { return kept }
    for step in plan.steps {
      switch step.kind {
      case .normalization(let norm):
        kept[step.inputs[0]] = true
        if norm.hasResidual, norm.hasActivation, !norm.usesActivationMask {
          kept[step.inputs[1]] = true
        }
      case .layer(let index):
        let layer = plan.layers[index]
        if layer.step.backwardReads.contains(.inputs) {
          for node in layer.inputs { kept[node] = true }
        }
        if layer.step.backwardReads.contains(.output) { kept[step.output] = true }
      default: break
      }
    }
    return kept
  }

  /// The nodes whose activation's slope is kept as bits.
  private static func bits(_ plan: Plan, _ retention: Retention) -> [Bool] {
    var bits = [Bool](repeating: false, count: plan.graph.nodes.count)
    guard retention == .imageGradient else { return bits }
    for step in plan.steps {
      if case .normalization(let norm) = step.kind, norm.hasResidual {
        bits[step.output] = norm.usesActivationMask
      }
    }
    return bits
  }
}

/// Places for values with a known end, lowest first.
struct IntervalMemory {
  private(set) var count = 0
  /// In the order of their offsets.
  private var taken: [(offset: Int, size: Int, until: Int)] = []

  mutating func release(before position: Int) { taken.removeAll { $0.until < position } }

  mutating func take(_ size: Int, until: Int) -> Int {
    var offset = 0
    var place = 0
    while place < taken.count, taken[place].offset < offset + size {
      offset = taken[place].offset + taken[place].size
      place += 1
    }
    taken.insert((offset, size, until), at: place)
    count = max(count, offset + size)
    return offset
  }
}
