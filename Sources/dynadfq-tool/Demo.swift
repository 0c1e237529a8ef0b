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
    var teacherAccuracy = 0.0
    for bits in [4, 3] {
      let fixed = try student(teacher, images, bits: [bits], weightBits: bits, budget: nil)
      let dynamic = try student(
        teacher, images, bits: [bits - 1, bits, bits + 1], weightBits: bits, budget: Double(bits))
      let fixedReport = try report(fixed, real, teacher, controls: [])
      let report = try report(dynamic, real, teacher, controls: [.fixed, .random, .shuffled])
      teacherAccuracy = report.teacherAccuracy ?? 0
      rows.append(Row(name: "static W\(bits)A\(bits)", policy: fixedReport.student))
      rows.append(Row(name: "dynamic, budget \(bits)", policy: report.student))
      rows += report.controls.map { Row(name: "  \($0.name)", policy: $0) }
      comparisons.append(try compare(dynamic, fixed, bits: bits, on: real))
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

  private func report(
    _ student: QuantizedNetwork, _ real: any RealImages, _ teacher: Network,
    controls: [EvaluationReport.Control]
  ) throws -> EvaluationReport {
    try student.evaluate(
      on: real, teacher: teacher, controls: controls, seed: options.seed, context: options.context)
  }

  /// The difference in accuracy over the same images, with its 95 % interval (normal approximation).
  private func compare(
    _ dynamic: QuantizedNetwork, _ fixed: QuantizedNetwork, bits: Int, on real: any RealImages
  ) throws -> Comparison {
    let labels = real.labels
    func hits(_ student: QuantizedNetwork) throws -> [Double] {
      zip(try student.decisions(on: real, context: options.context), labels)
        .map { $0.prediction == $1 ? 1 : 0 }
    }
    let differences = zip(try hits(dynamic), try hits(fixed)).map { $0 - $1 }
    let count = Double(differences.count)
    let mean = differences.reduce(0, +) / count
    let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = count > 1 ? (squares / (count - 1)).squareRoot() : 0
    return Comparison(
      what: "dynamic, budget \(bits), less static W\(bits)A\(bits)", difference: mean,
      interval: 1.96 * deviation / count.squareRoot())
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
