import ArgumentParser
import DynaDFQ
import Foundation

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The main job on Fashion-MNIST: data-free, static and dynamic, one table.",
    discussion: """
      Synthesizes images from the network that comes with the tool, trains static students (W4A4,
      W3A3) and dynamic ones (budgets of 4 and 3 bits) on them, and measures all on the 10,000 real
      test images, with the controls that tell what the look at the image is worth. It takes about
      three minutes on two cores.
      """)

  @OptionGroup var options: RunOptions
  @OptionGroup var synthesis: SynthesisOptions
  @Option(help: "Training steps of each student.")
  var steps = 300
  @Option(help: DataOptions.help)
  var data = "fashion-mnist:test"
  @Option(help: "Use only the first so many test images.")
  var limit: Int?

  /// One student of the table.
  struct Row: Encodable {
    var name: String
    var policy: EvaluationReport.Policy
  }

  struct Summary: Encodable {
    var dataset: String
    var images: Int
    var teacherAccuracy: Double
    var synthetic: Int
    var dropped: Int
    var rows: [Row]
    var comparisons: [Comparison]
    var seconds: Double
  }

  /// Accuracy of one student less another's on the same images.
  struct Comparison: Encodable {
    var what: String
    var difference: Double
    var interval: Double
  }

  func validate() throws {
    try Demand.range("--steps", steps, 0...100_000_000)
    try Demand.range("--limit", limit, 1...Int.max)
  }

  func run() throws {
    let start = Date()
    let teacher = try Network.pretrained(.resNet20FashionMNIST)
    let real = try DataOptions.open(data, limit: limit, for: teacher)
    let images = try Synthesize.images(
      teacher, synthesis.configuration(.demo, seed: options.seed), run: options)
    var rows: [Row] = []
    var comparisons: [Comparison] = []
    let reference = try TeacherRun(teacher, real, context: options.context)
    var teacherAccuracy = 0.0
    for bits in [4, 3] {
      let fixed = try student(teacher, images, bits: [bits], weightBits: bits, budget: nil)
      let dynamic = try student(
        teacher, images, bits: [bits - 1, bits, bits + 1], weightBits: bits, budget: Double(bits))
      let fixedResult = try evaluation(fixed, real, reference, controls: [])
      let dynamicResult = try evaluation(
        dynamic, real, reference, controls: [.fixed, .random, .shuffled])
      let report = dynamicResult.report
      teacherAccuracy = report.teacherAccuracy ?? 0
      rows.append(Row(name: "static W\(bits)A\(bits)", policy: fixedResult.report.student))
      rows.append(Row(name: "dynamic, budget \(bits)", policy: report.student))
      rows += report.controls.map { Row(name: "  \($0.name)", policy: $0) }
      let difference = try dynamicResult.accuracy(lessThatOf: fixedResult)
      comparisons.append(
        Comparison(
          what: "dynamic, budget \(bits), less static W\(bits)A\(bits)",
          difference: difference.mean, interval: difference.interval))
      comparisons += report.controls.map {
        Comparison(
          what: "dynamic, budget \(bits), less its control \"\($0.name)\"",
          difference: -($0.difference ?? 0), interval: $0.differenceInterval ?? 0)
      }
    }
    let summary = Summary(
      dataset: real.name, images: real.count, teacherAccuracy: teacherAccuracy,
      synthetic: images.count, dropped: images.droppedCount, rows: rows, comparisons: comparisons,
      seconds: Date().timeIntervalSince(start))
    if options.json { try Output.json(summary, run: options) } else { try show(summary) }
  }

  private func student(
    _ teacher: Network, _ images: SyntheticImages, bits: [Int], weightBits: Int, budget: Double?
  ) throws -> QuantizedNetwork {
    var configuration = DynamicTrainer.Configuration.demo
    configuration.steps = steps
    configuration.budget = budget
    configuration.seed = options.seed
    let trainer = DynamicTrainer(
      teacher: teacher, quantizer: Quantizer(weightBits: weightBits, activationBits: bits),
      selector: BitSelector(.perLayer), configuration: configuration, context: options.context)
    let name = bits.count == 1 ? "static W\(weightBits)A\(bits[0])" : "dynamic \(bits)"
    return try Quantize.student(trainer, images, run: options, title: name)
  }

  private func evaluation(
    _ student: QuantizedNetwork, _ real: any RealImages, _ reference: TeacherRun,
    controls: [EvaluationReport.Control]
  ) throws -> Evaluation {
    try student.evaluation(
      on: real, reference: reference, controls: controls, seed: options.seed,
      context: options.context)
  }

  private func show(_ summary: Summary) throws {
    try Output.line(
      "\(summary.dataset), \(summary.images) real test images; no real image was used before")
    try Output.line(
      "\(summary.synthetic) synthetic images (\(summary.dropped) dropped), seed \(options.seed), "
        + "\(options.context.instructionSet), BLAS \(BLAS.configuration)")
    let teacher = [
      "float teacher", Output.percent(summary.teacherAccuracy), "100.00", "", "", "32.00", "",
    ]
    try Output.table(
      ["network"] + Output.policyHeader.dropFirst(),
      [teacher] + summary.rows.map { [$0.name] + Output.policyRow($0.policy).dropFirst() })
    try Output.line()
    try Output.line("differences in accuracy, points, with 95 % intervals over the images")
    for comparison in summary.comparisons {
      let difference = Output.difference(comparison.difference, comparison.interval)
      try Output.line("\(difference)  \(comparison.what)")
    }
    try Output.line()
    try Output.line("\(Output.fixed(summary.seconds, digits: 0)) seconds")
  }
}
