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

  @Argument(
    help: """
      A student's, cascade's or integer network's file; without it the full-precision --model is \
      measured.
      """)
  var student: String?
  @OptionGroup var model: ModelOptions
  @OptionGroup var options: RunOptions
  @Option(help: DataOptions.help)
  var data: String
  @Option(help: "The full-precision network to compare predictions with. (default: --model)")
  var teacher: String?
  @Option(help: "Use only the first so many images.")
  var limit: Int?
  @Flag(help: "Compare with fixed, random, shuffled and oracle bits.")
  var controls = false
  @Flag(
    help: """
      Compute an integer network in fixed point: no floating point between the image's codes and the \
      logits.
      """)
  var fixedPoint = false

  struct FloatSummary: Encodable {
    var dataset: String
    var imageCount: Int
    var accuracy: Double
  }

  func validate() throws {
    try Demand.range("--limit", limit, 1...Int.max)
    if student == nil {
      try Demand.absent("--controls", controls, "without a student's file")
      try Demand.absent("--teacher", teacher != nil, "without a student's file")
      try Demand.absent("--fixed-point", fixedPoint, "without an integer network's file")
    }
  }

  func run() throws {
    guard let student else { return try measureFloat() }
    let file = try SafetensorsFile(contentsOf: student)
    if IntegerNetwork.isStored(in: file) {
      try Demand.absent("--controls", controls, "on an integer network")
      return try measure(
        IntegerNetwork(
          contentsOf: student, arithmetic: fixedPoint ? .fixedPoint : .float,
          context: options.context))
    }
    try Demand.absent("--fixed-point", fixedPoint, "without an integer network's file")
    if StudentCascade.isStored(in: file) {
      return try measure(StudentCascade(file, path: student), path: student)
    }
    let quantized = try QuantizedNetwork(file, path: student)
    let reference = try reference(for: quantized)
    let images = try DataOptions.open(data, limit: limit, for: quantized.network)
    if controls, !quantized.isDynamic {
      Output.complain("note: a static student has no --controls to compare with")
    }
    let report = try Evaluate.report(
      quantized, images, teacher: reference, controls: controls && quantized.isDynamic,
      run: options)
    if options.json { try Output.json(report, run: options) } else { try Output.report(report) }
  }

  private func measure(_ cascade: StudentCascade, path: String) throws {
    guard let teacher = try reference(for: cascade.levels[0]) else {
      throw ToolError.usage("\(path) is a cascade of another network than --model; give --teacher")
    }
    let images = try DataOptions.open(data, limit: limit, for: cascade.levels[0].network)
    let report = try Cascade.report(
      cascade, images, teacher: teacher, controls: controls, run: options)
    if options.json { try Output.json(report, run: options) } else { try Output.report(report) }
  }

  /// The named teacher, or the default one where it is of the student's architecture.
  private func reference(for student: QuantizedNetwork) throws -> Network? {
    if let teacher {
      let network = try model.network(teacher, option: "--teacher")
      guard network.imageShape == student.network.imageShape else {
        throw NetworkError.imageShape(
          expected: student.network.imageShape, found: network.imageShape)
      }
      guard network.classCount == student.network.classCount else {
        throw QuantizationError.classCount(
          expected: student.network.classCount, found: network.classCount)
      }
      return network
    }
    let network = try model.network()
    return network.architecture == student.network.architecture ? network : nil
  }

  private func measureFloat() throws {
    let network = try model.network()
    let images = try DataOptions.open(data, limit: limit, for: network)
    let accuracy = try Evaluate.accuracy(of: network, on: images, run: options)
    if options.json {
      let summary = FloatSummary(
        dataset: images.name, imageCount: images.count, accuracy: accuracy)
      return try Output.json(summary, run: options)
    }
    let hits = Int((accuracy * Double(images.count)).rounded())
    try Output.line("\(network.architecture), \(images.name): \(hits) of \(images.count) right")
    try Output.line("accuracy \(Output.percent(accuracy)) %")
  }

  /// The share of images that a network classifies as labelled.
  static func accuracy(
    of network: Network, on images: any RealImages, run options: RunOptions
  ) throws -> Double {
    let executor = FloatExecutor(network, context: options.context)
    let batch = 128
    var hits = 0
    try options.withProgress("evaluation", unit: "images", saved: "nothing is saved") { bar in
      for start in stride(from: 0, to: images.count, by: batch) {
        let range = start..<min(start + batch, images.count)
        let logits = try executor.logits(of: images, range: range)
        guard logits.isFinite else {
          throw ToolError.failure(
            "the logits of image \(start) or one of the next \(range.count) are not finite; check "
              + "the weights")
        }
        hits += zip(logits.argmaxOfRows(), range).filter { $0 == images.label(at: $1) }.count
        try bar.update(range.upperBound, of: images.count)
      }
    }
    return Double(hits) / Double(images.count)
  }

  /// Evaluates a student under one progress bar over all its passes.
  static func report(
    _ student: QuantizedNetwork, _ images: any RealImages, teacher: Network?, controls: Bool,
    run options: RunOptions
  ) throws -> EvaluationReport {
    // The student itself; fixed, random, shuffled and two kinds of oracle bits and each candidate, or
    // the lowest candidate alone.
    let isCompared = student.isDynamic && teacher != nil
    let passes = controls ? 6 + student.quantizer.activationBits.count : isCompared ? 2 : 1
    var pass = 0
    var last = 0
    return try options.withProgress("evaluation", unit: "images", saved: "nothing is saved") {
      bar in
      try student.evaluate(
        on: images, teacher: teacher, controls: controls ? EvaluationReport.Control.allCases : [],
        seed: options.seed, context: options.context
      ) { done, total in
        if done <= last { pass += 1 }
        last = done
        try bar.update(min(pass, passes - 1) * total + done, of: passes * total)
      }
    }
  }
}
