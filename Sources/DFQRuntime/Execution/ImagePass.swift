import DFQTensor

/// One pass of one image through a level, by one thread or by a team.
///
/// Every member of a team executes the same steps. It computes its share of a step's rows, and waits
/// for the others before the next step.
struct ImagePass {
  let level: PreparedLevel
  let memory: ImageMemory
  let member: Int
  /// nil for a single thread.
  let team: Team?
  /// The number of this pass among the level's.
  let pass: Int
  /// Whether the first step, which rounds the image, is done.
  let hasImage: Bool

  var isAlone: Bool { (team?.count ?? 1) == 1 }
  var kernels: Kernels { level.kernels }
  private let own: ImageMemory.Own
  var scratch: UnsafeMutableRawPointer { own.scratch }
  /// The candidate at each point.
  var choices: UnsafeMutablePointer<UInt8> { own.choices }
  var work: UnsafeMutablePointer<Float> { own.work }

  init(
    level: PreparedLevel, memory: ImageMemory, member: Int = 0, team: Team? = nil, pass: Int,
    hasImage: Bool
  ) {
    self.level = level
    self.memory = memory
    self.member = member
    self.team = team
    self.pass = pass
    self.hasImage = hasImage
    own = memory.own[member]
  }

  /// Computes all steps; the image must be in place of value 0.
  ///
  /// `positions` are the candidates of all points, or nil where decisions are taken.
  func run(positions: [UInt8]?) {
    begin(positions: positions)
    run(steps: 0..<level.steps.count, decides: positions == nil)
  }

  /// Sets the candidates that are known.
  func begin(positions: [UInt8]?) {
    for (point, form) in level.program.points.enumerated() {
      choices[point] = positions?[point] ?? UInt8(form.grids.count - 1)
    }
    wait()
  }

  /// Computes some steps, those before which have been computed.
  func run(steps: Range<Int>, decides: Bool) {
    var isSampled = false
    for index in steps {
      let step = level.steps[index]
      if index > 0 || !hasImage {
        run(step, decides: decides, isSampled: isSampled)
        isSampled =
          decides && index + 1 < steps.upperBound && sampleAhead(level.steps[index + 1])
        if decides, let decision = step.decisionBeside { decideFromCodes(decision) }
        wait()
      }
      if decides, let decision = step.decisionAfter {
        if !step.isDeferred { decideFromCodes(decision) } else if !isAlone { fetch(decision) }
      }
    }
  }

  /// Waits until the whole team has done the same.
  func wait() { team?.wait() }

  private func run(_ step: Step, decides: Bool, isSampled: Bool) {
    let decision = decides ? step.decision : nil
    if step.fixed != nil, runInIntegers(step) { return }
    switch step.kind {
    case .codeConvolution(let index):
      convolve(
        level.convolutions[index], step: step, decision: decision, isSampled: isSampled)
    case .codeLinear(let linear): multiply(linear, step: step, decision: decision)
    case .convolution(let convolution): convolve(convolution, step: step, decision: decision)
    case .linear(let linear): ifFirst { multiply(linear, step: step) }
    case .identity: ifFirst { finish(floats(step.input), step: step) }
    case .maxPool(let window): pool(window, step: step)
    case .averagePool(let window): ifFirst { average(window, step: step) }
    case .globalAveragePool(let pixels): ifFirst { averageAll(pixels, step: step) }
    case .padChannels(let stride, let before):
      ifFirst { pad(step, stride: stride, before: before) }
    case .copy:
      ifFirst {
        let slot = level.slots[step.input]
        (memory.arena + level.slots[step.output].offset).copyMemory(
          from: memory.arena + slot.offset, byteCount: slot.count * (slot.isCodes ? 1 : 4))
      }
    case .padMap(let top, let left): ifFirst { padMap(step, top: top, left: left) }
    case .upsample(let factor): ifFirst { enlarge(step, factor: factor) }
    case .selectChannels(let channels): ifFirst { select(channels, step: step) }
    case .numbers(let inputs): compute(step, inputs: inputs, decision: decision)
    }
    if let decision, step.samples == nil {
      wait()
      decide(decision, step: step)
    } else if needsRounding(step) {
      ifFirst { round(step, range: 0..<level.slots[step.output].count) }
    }
  }

  /// Whether a step without a decision leaves its output in `raw`.
  private func needsRounding(_ step: Step) -> Bool {
    guard level.slots[step.output].isCodes, step.fixed == nil else { return false }
    switch step.kind {
    case .linear, .identity, .averagePool, .globalAveragePool: return true
    default: return false
    }
  }

  /// What only one thread does.
  private func ifFirst(_ body: () -> Void) {
    if member == 0 { body() }
  }

  // MARK: - Values

  func codes(_ value: Int) -> UnsafeMutablePointer<UInt8> {
    (memory.arena + level.slots[value].offset).assumingMemoryBound(to: UInt8.self)
  }

  /// A value in floating point as it lies in the arena.
  func stored(_ value: Int) -> UnsafeMutablePointer<Float> {
    (memory.arena + level.slots[value].offset).assumingMemoryBound(to: Float.self)
  }

  /// The grid that a point's codes of this image lie on.
  func grid(_ point: Int) -> Grid {
    level.grid(point, candidate: choices[point])
  }

  /// A value as numbers: in place, or computed from codes at the start of the scratch memory.
  func floats(_ value: Int) -> UnsafePointer<Float> {
    floats(
      value, range: 0..<level.slots[value].count, at: scratch.assumingMemoryBound(to: Float.self))
  }

  /// Some elements of a value as numbers: in place, or computed from codes at `place`.
  func floats(
    _ value: Int, range: Range<Int>, at place: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let slot = level.slots[value]
    guard slot.isCodes else { return UnsafePointer(stored(value) + range.lowerBound) }
    let grid = grid(slot.point)
    let codes = codes(value) + range.lowerBound
    for index in 0..<range.count {
      place[index] = (Float(codes[index]) + grid.offset) / grid.levelsPerUnit
    }
    return UnsafePointer(place)
  }

  /// Where a step writes its output in floating point: in place, or to `raw` where it is rounded.
  func target(_ step: Step) -> UnsafeMutablePointer<Float> {
    level.slots[step.output].isCodes ? memory.raw : stored(step.output)
  }

  /// Rounds elements of `raw` to the output's grid.
  func round(_ step: Step, range: Range<Int>) {
    let grid = grid(level.slots[step.output].point)
    kernels.quantizeCodes(
      x: memory.raw + range.lowerBound, count: range.count, levelsPerUnit: grid.levelsPerUnit,
      zero: grid.zero, minimum: grid.lowest, maximum: grid.highest,
      codes: codes(step.output) + range.lowerBound)
  }
}
