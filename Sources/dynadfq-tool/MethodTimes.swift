import DynaDFQ

/// The time of a step of every method against the plain step of its part: `dynadfq time --methods`.
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
    /// The time of a step as a multiple of the plain step's.
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
    let rows =
      try rows(.synthesis, .synthesis, synthesis)
      + rows(.student, .training, training)
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

  /// Times methods, of which the first is the plain step.
  private func rows(
    _ kind: TimedWork.Kind, _ part: MethodCatalogue.Part, _ methods: [any CataloguedMethod]
  ) throws -> [Row] {
    var rows: [Row] = []
    for method in methods {
      let name = type(of: method).kind
      let work = TimedWork(
        kind: kind, method: name, network: network, batch: batch, seed: options.seed,
        context: options.context)
      let times = try StepTimes(seconds: seconds) { try work.run(steps: $0, mark: $1) }
      let ms = times.quantile(0.5)
      let time = ms / (rows.first?.msMedian ?? ms)
      let share = try self.work(of: method)
      rows.append(
        Row(
          part: part.rawValue, method: name, msMedian: ms, work: share, time: time,
          overhead: time / share))
    }
    return rows
  }

  /// The work of a step as a multiple of the plain step's: a generator's by its multiply-accumulate operations, others' as listed.
  private func work(of method: any CataloguedMethod) throws -> Double {
    guard let method = method as? any GeneratorMethod else { return type(of: method).summary.cost }
    let source = try GeneratorSource(
      teacher: network, method: method, context: options.context)
    return Double(source.macsPerImage) / Double(2 * network.graph.macs)
  }
}
