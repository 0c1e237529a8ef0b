import DynaDFQ

/// The time of a step of every method against the plain step of its part, in turns: `dynadfq time --methods`.
struct MethodTimes {
  let network: Network
  let batch: Int
  let seconds: Double
  let options: RunOptions

  private struct Row: Encodable {
    var part: String
    var method: String
    /// A step in milliseconds.
    var msMedian: Double
    /// The work of a step as a multiple of the plain step's.
    var work: Double
    /// The time of a step as a multiple of the plain step's, which takes turns with it.
    var time: Double
    /// How much slower a step is than its work says: time / work.
    var overhead: Double
  }

  private struct Summary: Encodable {
    var network: String
    var batch: Int
    var rows: [Row]
  }

  func print() throws {
    let synthesis = MethodCatalogue.synthesis + MethodCatalogue.generators as [any CataloguedMethod]
    // Cross entropy and distillation are the plain step; a filter and adaptive rounding come before the first one.
    let training = MethodCatalogue.methods(.training).filter { method in
      !(method is LogitDistillation || method is LowPassFilter || method is AdaptiveRounding)
    }
    let count = synthesis.count + training.count
    let rows = try options.withProgress("timing", unit: "methods", saved: "nothing is saved") {
      bar in
      var done = 0
      func next() throws {
        done += 1
        try bar.update(done, of: count)
      }
      return try self.rows(.synthesis, .synthesis, synthesis, next)
        + self.rows(.student, .training, training, next)
    }
    if options.json {
      return try Output.json(
        Summary(network: network.architecture, batch: batch, rows: rows), run: options)
    }
    try Output.line(
      "\(network.architecture), batch \(batch), \(options.context.pool.threads) threads, "
        + "\(options.context.instructionSet); the first of each part is its plain step")
    try Output.table(
      ["part", "method", "ms a step", "work", "time", "time / work"],
      rows.map { row in
        [row.part, row.method]
          + [row.msMedian, row.work, row.time, row.overhead].map { Output.fixed($0, digits: 2) }
      })
  }

  /// Times methods in turns with the first of them, the plain step; calls `done` after each.
  private func rows(
    _ kind: TimedWork.Kind, _ part: MethodCatalogue.Part, _ methods: [any CataloguedMethod],
    _ done: () throws -> Void
  ) throws -> [Row] {
    func loop(_ method: any CataloguedMethod) -> StepTimes.Loop {
      let work = TimedWork(
        kind: kind, method: type(of: method).kind, network: network, batch: batch,
        seed: options.seed, context: options.context)
      return { try work.run(steps: $0, mark: $1) }
    }
    let plain = loop(methods[0])
    return try methods.map { method in
      let times = try StepTimes.compare(seconds: seconds, loop(method), with: plain)
      let share = try work(of: method)
      try done()
      return Row(
        part: part.rawValue, method: type(of: method).kind, msMedian: times.median, work: share,
        time: times.ratio, overhead: times.ratio / share)
    }
  }

  /// The work of a step as a multiple of the plain step's: a generator's by its multiply-accumulate operations, others' as listed.
  private func work(of method: any CataloguedMethod) throws -> Double {
    guard let method = method as? any GeneratorMethod else { return type(of: method).summary.cost }
    let source = try GeneratorSource(
      teacher: network, method: method, context: options.context)
    return Double(source.macsPerImage) / Double(2 * network.graph.macs)
  }
}
