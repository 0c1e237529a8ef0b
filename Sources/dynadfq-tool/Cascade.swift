import ArgumentParser
import DynaDFQ

struct Cascade: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Combine students: images that a cheap one is not sure of run again at the next.",
    discussion: """
      Example: dynadfq cascade w3a2.safetensors w4a4.safetensors --images images.safetensors \
      --budget-of w3a3.safetensors -o cascade.safetensors

      Give the cheapest student first. An image whose logit margin (the largest logit less the second \
      largest) is small at one student runs again at the next; all passes count. The thresholds are \
      set on synthetic images, so that their mean cost is the budget. `evaluate` measures the result.
      """)

  @Argument(help: "The students' files, cheapest first: two to seven.")
  var students: [String]
  @Option(help: "Synthetic images made by `synthesize`.")
  var images: String
  @Option(help: "The mean cost of an image, in millions of BitOPs.")
  var budget: Double?
  @Option(help: "A student whose mean cost on the same images is the budget.")
  var budgetOf: String?
  @Option(
    help: """
      Which images continue: threshold (an answer depends on its image only), ranked (the fitted share \
      of every 128 images) or streaming (a threshold that follows the images so far); the last two \
      keep the cost on images that differ from the synthetic ones.
      """)
  var rule = Rule.threshold
  @Option(name: .shortAndLong, help: "Where the cascade goes (safetensors).")
  var output: String
  @OptionGroup var options: RunOptions

  enum Rule: String, ExpressibleByArgument, CaseIterable {
    case threshold, ranked, streaming

    var rule: CascadeRule {
      switch self {
      case .threshold: .threshold
      case .ranked: .ranked(batch: 128)
      case .streaming: .streaming(rate: 0.02)
      }
    }
  }

  struct Summary: Encodable {
    var output: String
    var thresholds: [Float]
    /// The share of synthetic images that runs at each level.
    var syntheticShares: [Double]
    var budgetBitOPs: Double
    var syntheticBitOPs: Double
  }

  func validate() throws {
    guard (2...7).contains(students.count) else {
      throw ToolError.usage("a cascade has two to seven students, found \(students.count)")
    }
    guard (budget == nil) != (budgetOf == nil) else {
      throw ToolError.usage("a cascade needs either --budget or --budget-of")
    }
    try Demand.range("--budget", budget, Double.leastNonzeroMagnitude...1e12)
  }

  func run() throws {
    var preflight = Preflight()
    for student in students { preflight.reads("a student", student) }
    preflight.reads("--images", images)
    preflight.reads("--budget-of", budgetOf)
    preflight.writes("--output", output)
    try preflight.check()

    let levels = try students.map { try QuantizedNetwork(contentsOf: $0) }
    let set = try SyntheticImages(contentsOf: images)
    let cost =
      try budgetOf.map {
        try StudentClassifier(QuantizedNetwork(contentsOf: $0), context: options.context)
          .meanBitOPs(ofInputs: set.images)
      } ?? (budget ?? 0) * 1e6
    let cascade = try StudentCascade.fitted(
      levels, on: set, budget: cost, rule: rule.rule, context: options.context)
    try cascade.write(to: output)
    let run = try CascadeEvaluator(cascade, context: options.context).run(set.images)
    let summary = Summary(
      output: output, thresholds: cascade.thresholds,
      syntheticShares: levels.indices.map { level in
        Double(run.lastLevels.filter { $0 >= level }.count) / Double(run.lastLevels.count)
      }, budgetBitOPs: cost, syntheticBitOPs: run.averageBitOPs)
    if options.json { return try Output.json(summary, run: options) }
    for (level, path) in students.enumerated() {
      let share = Output.percent(summary.syntheticShares[level])
      let threshold =
        level < cascade.thresholds.count
        ? ", continues below a margin of \(cascade.thresholds[level])" : ""
      try Output.line("level \(level + 1): \(path), \(share) % of synthetic images\(threshold)")
    }
    try Output.line(
      "mean cost \(Output.mega(summary.syntheticBitOPs)) BitOPs, budget \(Output.mega(cost))")
  }

  /// Evaluates a cascade under one progress bar over all its levels.
  static func report(
    _ cascade: StudentCascade, _ images: any RealImages, teacher: Network, controls: Bool,
    run options: RunOptions
  ) throws -> EvaluationReport {
    try options.withProgress("evaluation", unit: "images", saved: "nothing is saved") { bar in
      let reference = try TeacherRun(teacher, images, context: options.context)
      return try cascade.evaluation(
        on: images, reference: reference,
        controls: controls ? [.shuffled, .oracle, .klOracle] : [],
        seed: options.seed, context: options.context
      ) { done, total in try bar.update(done, of: total) }.evaluation.report
    }
  }
}
