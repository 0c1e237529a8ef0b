import ArgumentParser
import DynaDFQ

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a student (or a full-precision network) on real images.",
    discussion: """
      Example: dynadfq evaluate student.safetensors --data fashion-mnist:test --controls

      BitOPs count the selector, and what stays in floating point as 32 bits; "family's" counts
      unquantized inputs at the activations' bits, as published tables do.
      """)

  @Argument(help: "A student's file; without it the full-precision --model is measured.")
  var student: String?
  @OptionGroup var model: ModelOptions
  @OptionGroup var options: RunOptions
  @Option(help: DataOptions.help)
  var data: String
  @Option(help: "The full-precision network to compare predictions with; --model by default.")
  var teacher: String?
  @Option(help: "Use only the first so many images.")
  var limit: Int?
  @Flag(help: "Compare with fixed, random, shuffled and oracle bits.")
  var controls = false

  struct FloatSummary: Encodable {
    var dataset: String
    var images: Int
    var accuracy: Double
  }

  func run() throws {
    let images = try DataOptions.open(data, limit: limit)
    guard let student else { return try measureFloat(images) }
    let quantized = try QuantizedNetwork(contentsOf: student)
    let reference = try reference(for: quantized)
    let report = try Evaluate.report(
      quantized, images, teacher: reference, controls: controls, run: options)
    if options.json { try Output.json(report) } else { Output.report(report) }
  }

  /// The named teacher, or the default one where it is of the student's architecture.
  private func reference(for student: QuantizedNetwork) throws -> Network? {
    if let teacher { return try ModelOptions.network(teacher) }
    let network = try model.network()
    return network.architecture == student.network.architecture ? network : nil
  }

  private func measureFloat(_ images: any RealImages) throws {
    let network = try model.network()
    guard images.classCount == network.classCount else {
      throw QuantizationError.classCount(expected: network.classCount, found: images.classCount)
    }
    let predictions = try FloatExecutor(network, context: options.context).logits(of: images)
      .argmaxOfRows()
    let hits = zip(predictions, images.labels).filter { $0 == $1 }.count
    let accuracy = Double(hits) / Double(images.count)
    if options.json {
      return try Output.json(
        FloatSummary(dataset: images.name, images: images.count, accuracy: accuracy))
    }
    print("\(network.architecture), \(images.name): \(hits) of \(images.count) images right")
    print("accuracy \(Output.percent(accuracy)) %")
  }

  static func report(
    _ student: QuantizedNetwork, _ images: any RealImages, teacher: Network?, controls: Bool,
    run options: RunOptions
  ) throws -> EvaluationReport {
    let bar = options.progress("evaluation")
    defer { bar.finish() }
    return try student.evaluate(
      on: images, teacher: teacher, controls: controls ? EvaluationReport.Control.allCases : [],
      seed: options.seed, context: options.context
    ) { done, total in bar.update(done, of: total) }
  }
}
