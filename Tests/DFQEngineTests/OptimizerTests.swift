import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct OptimizerTests {
  /// Two steps by hand from w = 1 with gradient 0.5, rate 0.1, momentum 0.9, decay 0.1.
  @Test(arguments: InstructionSet.available)
  func sgd(set: InstructionSet) throws {
    for (nesterov, expected) in [(true, [0.886, 0.725_566]), (false, [0.94, 0.8266])] {
      var optimizer = SGD(count: 3, momentum: 0.9, weightDecay: 0.1, nesterov: nesterov)
      var values: [Float] = [1, 1, 1]
      for step in 0..<2 {
        try optimizer.step(
          &values, gradient: [0.5, 0.5, 0.5], rate: 0.1, ranges: [0..<1, 2..<3],
          context: .init(threads: 1, instructionSet: set))
        // A few rounding errors of single precision.
        #expect(abs(Double(values[0]) - expected[step]) < 3e-7)
        #expect(values[2] == values[0])
      }
      #expect(values[1] == 1)
    }
  }

  /// Gradients 2 and -1 at rate 0.1: the first step is the rate itself, the second
  /// 0.1 * (0.08 / 0.19) / sqrt(0.004996 / 0.001999).
  @Test(arguments: InstructionSet.available)
  func adam(set: InstructionSet) throws {
    let context = ExecutionContext(threads: 1, instructionSet: set)
    var optimizer = Adam(count: 1)
    var values: [Float] = [1]
    try optimizer.step(&values, gradient: [2], rate: 0.1, context: context)
    #expect(abs(values[0] - 0.9) < 1e-6)
    try optimizer.step(&values, gradient: [-1], rate: 0.1, context: context)
    // 1 - beta2^2 in single precision is good to 3e-5 of itself.
    #expect(abs(values[0] - 0.873_366_3) < 1e-5)
    #expect(optimizer.steps == 2)
    var empty: [Float] = []
    var none = Adam(count: 0)
    try none.step(&empty, gradient: [], rate: 1)
  }

  /// Every optimizer, for `count` values.
  private func optimizers(_ count: Int) -> [any Optimizer] {
    [SGD(count: count, momentum: 0.8), Adam(count: count)]
  }

  /// Lengths that differ and ranges outside of the values: memory was written beyond its end.
  @Test(arguments: [0, 1])
  func wrongLengths(place: Int) throws {
    var optimizer = optimizers(3)[place]
    var values: [Float] = [1, 2, 3]
    #expect(throws: NetworkError.valueCount(what: "a gradient", expected: 3, found: 2)) {
      try optimizer.step(&values, gradient: [1, 2], rate: 1)
    }
    var many: [Float] = [1, 2, 3, 4]
    #expect(throws: NetworkError.valueCount(what: "optimizer state", expected: 4, found: 3)) {
      try optimizer.step(&many, gradient: many, rate: 1)
    }
    for range in [2..<4, -1..<1, 5..<5] {
      #expect(throws: NetworkError.rangeOutOfBounds(what: "a step", range: range, count: 3)) {
        try optimizer.step(&values, gradient: [1, 1, 1], rate: 1, ranges: [0..<1, range])
      }
    }
    #expect(values == [1, 2, 3] && many == [1, 2, 3, 4] && optimizer.steps == 0)
  }

  /// The state by name is all that a step depends on.
  @Test(arguments: [0, 1])
  func restoredState(place: Int) throws {
    var first = optimizers(2)[place]
    var values: [Float] = [1, -1]
    try first.step(&values, gradient: [0.5, 0.25], rate: 0.1)
    var second = optimizers(2)[place]
    try second.restore(first.state, steps: first.steps)
    var copy = values
    try first.step(&values, gradient: [-0.5, 1], rate: 0.1)
    try second.step(&copy, gradient: [-0.5, 1], rate: 0.1)
    #expect(copy == values)
    #expect(second.state == first.state && second.steps == 2)
    for name in first.state.keys {
      var other = first.state
      other[name] = [1]
      let error = NetworkError.valueCount(
        what: "optimizer state \(name)", expected: 2, found: 1)
      #expect(throws: error) { try second.restore(other, steps: 1) }
      other[name] = nil
      #expect(throws: NetworkError.self) { try second.restore(other, steps: 1) }
    }
    #expect(throws: NetworkError.self) { try second.restore(first.state, steps: -1) }
    #expect(second.state == first.state)
  }

  /// Values outside of the ranges, and their moments, stay as they are.
  @Test(arguments: [0, 1])
  func ranges(place: Int) throws {
    var whole = optimizers(4)[place]
    var part = optimizers(4)[place]
    var (values, some): ([Float], [Float]) = ([1, 2, 3, 4], [1, 2, 3, 4])
    for _ in 0..<2 {
      try whole.step(&values, gradient: [1, -1, 2, -2], rate: 0.1)
      try part.step(&some, gradient: [1, -1, 2, -2], rate: 0.1, ranges: [0..<1, 2..<4])
    }
    #expect(some == [values[0], 2, values[2], values[3]])
    #expect(part.state.values.allSatisfy { $0[1] == 0 })
    #expect(part.steps == 2)
  }

  @Test func milestones() {
    let schedule = LearningRateSchedule.milestones([0.5, 0.75], decay: 0.1)
    let factors = [0, 3, 4, 5, 6, 7].map { schedule.factor(step: $0, total: 8) }
    #expect(largestDifference(factors, [1, 1, 0.1, 0.1, 0.01, 0.01]) < 1e-7)
  }

  @Test func cosine() {
    let schedule = LearningRateSchedule.cosine(final: 0.01)
    let factors = [0, 50, 100].map { schedule.factor(step: $0, total: 101) }
    #expect(largestDifference(factors, [1, 0.505, 0.01]) < 1e-6)
    #expect(schedule.factor(step: 0, total: 1) == 1)
  }

  @Test func oneCycle() {
    let schedule = LearningRateSchedule.oneCycle(warmup: 0.25, final: 0.1)
    let factors = [0, 25, 100].map { schedule.factor(step: $0, total: 101) }
    #expect(largestDifference(factors, [0.04, 1, 0.1]) < 1e-6)
    let all = (0..<101).map { schedule.factor(step: $0, total: 101) }
    #expect(zip(all.prefix(26), all.prefix(26).dropFirst()).allSatisfy { $0 <= $1 })
    #expect(zip(all.dropFirst(25), all.dropFirst(26)).allSatisfy { $0 >= $1 })
    let warm = LearningRateSchedule.oneCycle(warmup: 1, final: 0)
    #expect(warm.factor(step: 9, total: 10).isFinite)
    #expect(LearningRateSchedule.oneCycle(warmup: 0, final: 0).factor(step: 0, total: 10) == 1)
  }

  /// Three steps without improvement by a ten-thousandth, with a patience of two.
  @Test func plateau() {
    var schedule = PlateauSchedule(rate: 1, factor: 0.1, patience: 2, minimum: 0.05)
    for loss in [1.0, 0.999_95, 1, 0.999_95] { schedule.observe(loss) }
    #expect(schedule.rate == 0.1)
    schedule.observe(0.5)
    for _ in 0..<2 { schedule.observe(0.5) }
    #expect(schedule.rate == 0.1)
    schedule.observe(0.5)
    #expect(schedule.rate == 0.05)
    for _ in 0..<10 { schedule.observe(1) }
    #expect(schedule.rate == 0.05)
  }

  @Test func learnedRanges() throws {
    let layout = try Network.tinyResNet().parameters.layout
    let learned = layout.entries.filter(\.role.isLearned).reduce(0) { $0 + $1.range.count }
    #expect(layout.learnedRanges.reduce(0) { $0 + $1.count } == learned)
    #expect(layout.learnedRanges.count < layout.entries.count)
  }
}
