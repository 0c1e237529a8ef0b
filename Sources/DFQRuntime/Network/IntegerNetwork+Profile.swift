import DFQTensor

/// How long each operation of an integer network takes for one image on one thread.
public struct IntegerProfile: Sendable, Encodable {
  /// One operation.
  public struct Operation: Sendable, Encodable {
    /// The level of a cascade that it belongs to; 0 without one.
    public let level: Int
    /// What it computes, such as `3x3 16>32 /2 at 16x16`.
    public let name: String
    /// How it is computed; nil for operations without weights.
    public let kernel: IntegerNetwork.Kernel?
    /// The shortest time of all repetitions in microseconds, without that of the decision.
    public let microseconds: Double
    /// The shortest time in microseconds of the decision that is taken beside it or from its output, 0 without one.
    public let decision: Double
  }

  /// Level by level, in the order of execution.
  public let operations: [Operation]

  /// The time of all operations with their decisions, in microseconds.
  public var total: Double { operations.reduce(0) { $0 + $1.microseconds + $1.decision } }
  /// The part of that time which the decisions take, 0...1.
  public var selectorShare: Double { operations.reduce(0) { $0 + $1.decision } / total }
}

extension IntegerNetwork {
  /// Times every operation, of each level its first pass.
  ///
  /// - Parameters:
  ///   - pixels: One image of 8-bit pixels, H W C.
  ///   - repetitions: How often all operations are repeated, at least 1; the shortest time of each counts.
  /// - Returns: The operations with their times.
  /// - Throws: ``RuntimeError/count(what:expected:found:)``.
  public func profile(pixels: [UInt8], repetitions: Int) throws -> IntegerProfile {
    try check(count: 1, elements: pixels.count, what: "pixels")
    let memory = PredictorMemory(storage)
    let arena = memory.arenas[0].memories[0]
    var operations: [IntegerProfile.Operation] = []
    for (index, level) in storage.levels.enumerated() {
      pixels.withUnsafeBufferPointer {
        load(
          0, 0..<level.slots[0].count, of: .pixels($0.baseAddress!), level: index, to: arena)
      }
      let pass = ImagePass(
        level: level, memory: arena, pass: 0, hasImage: storage.roundsImage[index])
      let times = pass.times(positions: level.program.passes.first, repetitions: repetitions)
      for (position, time) in times.enumerated() {
        let operation = level.program.operations[position]
        let layer = level.description(of: operation, level.steps[position], level: index)
        operations.append(
          .init(
            level: index, name: layer?.name ?? operation.kind.label, kernel: layer?.kernel,
            microseconds: time.operation, decision: time.decision))
      }
    }
    return IntegerProfile(operations: operations)
  }
}

extension ImagePass {
  /// The shortest times of each step and of its decision alone, in microseconds.
  fileprivate func times(
    positions: [UInt8]?, repetitions: Int
  ) -> [(operation: Double, decision: Double)] {
    let clock = ContinuousClock()
    func microseconds(_ body: () -> Void) -> Double {
      let (seconds, attoseconds) = clock.measure(body).components
      return Double(seconds) * 1e6 + Double(attoseconds) * 1e-12
    }
    let steps = level.steps.count
    var whole = [Double](repeating: .infinity, count: steps)
    var decisions = [Double](repeating: .infinity, count: steps)
    let decides = positions == nil
    for _ in 0..<max(repetitions, 1) {
      begin(positions: positions)
      for index in 0..<steps {
        let step = level.steps[index]
        whole[index] = min(
          whole[index], microseconds { run(steps: index..<index + 1, decides: decides) })
        guard decides else { continue }
        // It finds the same bits as before, from what it found them.
        var hasDecision = false
        let time = microseconds { hasDecision = decideAgain(step) }
        if hasDecision { decisions[index] = min(decisions[index], time) }
      }
    }
    return zip(whole, decisions).map { whole, decision in
      decision == .infinity ? (whole, 0) : (max(whole - decision, 0), decision)
    }
  }
}

extension Operation.Kind {
  /// The name of an operation without weights.
  fileprivate var label: String {
    switch self {
    case .convolution: "convolution"
    case .linear: "linear"
    case .identity: "rounding"
    case .maxPool: "maximum pooling"
    case .averagePool, .globalAveragePool: "average pooling"
    case .padChannels: "padding of channels"
    case .reshape: "reshape"
    case .padMap: "padding"
    case .upsample: "enlargement"
    case .selectChannels: "selection of channels"
    case .numbers(let any): any.operation.label
    }
  }
}
