import ArgumentParser
import DynaDFQ

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a quantized network on synthetic images: from weights to student and report.",
    discussion: """
      Example: dynadfq quantize --model resnet20-cifar10.safetensors --weight-bits 4 \
      --activation-bits 3,4,5 --budget 4 -o student.safetensors --data cifar10:test.bin

      --fixed gives static quantization by the same code, --allocate W3A3 static bits layer by layer at the \
      cost of W3A3. Without --images they are made by --method; a generator (gdfq and others) makes them anew in every step. \
      Without --data the report is of synthetic images that no step has seen: it compares settings \
      of one method, and says less of accuracy than real images do.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var quantizer: QuantizerOptions
  @OptionGroup var transform: TransformOptions
  @OptionGroup var training: TrainingOptions
  @OptionGroup var synthesis: SynthesisOptions
  @OptionGroup var options: RunOptions
  @Option(help: Preset.help)
  var preset = Preset.reduced
  @Option(help: "Synthetic images made by `synthesize`. (default: they are synthesized)")
  var images: String?
  @Option(help: "Where synthesized images are kept (safetensors).")
  var imagesOutput: String?
  @Flag(help: "Static: one number of bits, the middle candidate (or --budget).")
  var fixed = false
  @Option(name: .shortAndLong, help: "Where the student goes (safetensors).")
  var output: String
  @Option(
    help: """
      File for the state between steps; a run that finds it continues to the same bits. Without \
      --images, finished batches of images are kept beside it, in the directory FILE.images, or a \
      generator after its warm-up in FILE.generator.
      """)
  var checkpoint: String?
  @OptionGroup var resume: ResumeOptions
  @Option(help: DataOptions.help)
  var data: String?
  @Option(help: "With --data: use only the first so many real images.")
  var limit: Int?
  @Flag(help: "With --data: compare with fixed, random, shuffled and oracle bits.")
  var controls = false

  /// What the student costs and how well it follows its teacher on held-out synthetic images.
  struct Summary: Encodable {
    var output: String
    var weightBits: Int
    var activationBits: [Int]
    var allocation: AllocationOptions.Allocation?
    var synthetic: SyntheticReport
    var selectorBitOPs: Double
    var report: EvaluationReport?
  }

  func validate() throws {
    try Demand.range("--limit", limit, 1...Int.max)
    try Demand.absent("--limit", limit != nil && data == nil, "without --data")
    try Demand.absent("--controls", controls && data == nil, "without --data")
    if images != nil {
      try Demand.absent(synthesis.given ?? "", synthesis.given != nil, "with --images")
      try Demand.absent("--images-output", imagesOutput != nil, "with --images")
    }
    let candidates = try quantizer.candidates()
    if quantizer.allocation.uniform != nil {
      try Demand.absent("--fixed", fixed, "with --allocate")
    }
    if fixed {
      _ = try training.fixedBits(candidates)
    } else {
      try training.checkBudget(candidates)
    }
    if fixed || candidates.count == 1, let name = quantizer.givenSelector {
      try Demand.absent(name, true, "on a static student")
    }
    if fixed || candidates.count == 1, let name = training.givenForDynamic {
      try Demand.absent(name, true, "on a static student")
    }
    try Demand.absent(
      "--checkpoint-interval", training.checkpointInterval != nil && checkpoint == nil,
      "without --checkpoint")
  }

  func run() throws {
    try preflight().check()
    let network = try model.network()
    let bits = try quantizer.candidates()
    var quantizer = try self.quantizer.makeQuantizer(
      fixed: fixed ? training.fixedBits(bits) : nil)
    try transform.apply(to: &quantizer)
    let transforms = try transform.transforms()
    let configuration = training.configuration(preset, seed: options.seed, quantizer: quantizer)
    let (objectives, updates) = (try training.objectives(), try training.update.updates())
    let selector = try self.quantizer.makeSelector()
    func trainer(_ quantizer: Quantizer) -> DynamicTrainer {
      DynamicTrainer(
        teacher: network, quantizer: quantizer, selector: selector,
        transforms: transforms, objectives: objectives, updates: updates,
        configuration: configuration, context: options.context)
    }
    let real = try data.map { try DataOptions.open($0, limit: limit, for: network) }
    let stored = try images.map { try Quantize.stored($0, for: network) }
    try Quantize.rehearse(trainer(quantizer))
    for note in try trainer(quantizer).transformedTeacher().notes {
      Output.complain("note: \(note)")
    }
    try self.quantizer.allocation.check(quantizer, network)
    if real != nil, controls, quantizer.activationBits.count == 1 {
      Output.complain("note: a static student has no --controls to compare with")
    }

    let made = try stored == nil ? makeImages(network) : nil
    guard let images = stored ?? made?.images else { preconditionFailure("images are made") }
    let allocation = try self.quantizer.allocation.allocation(
      quantizer, network, images, run: options)
    let trainer = trainer(allocation.map { quantizer.allocated($0.bits) } ?? quantizer)
    let student = try Quantize.student(
      trainer, images, source: made?.source, run: options, checkpoint: checkpoint,
      executionChange: resume.executionChange)
    if Processes.isFirst { try student.write(to: output) }
    let summary = Summary(
      output: output, weightBits: quantizer.weightBits, activationBits: quantizer.activationBits,
      allocation: allocation,
      synthetic: try SyntheticReport(student, trainer: trainer, images: images),
      selectorBitOPs: student.selectorBitOPs,
      report: try real.map {
        try Evaluate.report(
          student, $0, teacher: network, controls: controls && student.isDynamic, run: options)
      })
    if options.json { try Output.json(summary, run: options) } else { try show(summary) }
  }

  private func preflight() -> Preflight {
    var preflight = Preflight()
    preflight.reads("--model", ModelOptions.path(model.model))
    preflight.reads("--images", images)
    preflight.readsData("--data", data)
    preflight.writes("--output", output)
    preflight.writes("--checkpoint", checkpoint)
    preflight.writes("--images-output", imagesOutput)
    if images == nil {
      if synthesis.isGenerator {
        preflight.writes("--checkpoint", generatorFile)
      } else {
        preflight.makesDirectory("--checkpoint", batchDirectory)
      }
    }
    return preflight
  }

  private var batchDirectory: String? { checkpoint.map { $0 + ".images" } }
  private var generatorFile: String? { checkpoint.map { $0 + ".generator" } }

  /// Images of a file that fit the network; a note where another network made them.
  private static func stored(_ path: String, for network: Network) throws -> SyntheticImages {
    let images = try SyntheticImages(contentsOf: path)
    guard images.images.rowShape == network.imageShape else {
      throw NetworkError.imageShape(expected: network.imageShape, found: images.images.rowShape)
    }
    if images.isSynthesized(from: network) == false {
      Output.complain("note: \(path) was synthesized from another network than --model")
    }
    return images
  }

  private func makeImages(_ network: Network) throws -> MadeImages {
    let made = try MadeImages(
      synthesis.imageSettings(preset, seed: options.seed), from: network, run: options,
      checkpoint: batchDirectory, generatorFile: generatorFile)
    if let imagesOutput, Processes.isFirst { try made.images.write(to: imagesOutput) }
    return made
  }

  /// Lets settings, budget, quantizer and selector meet the network, so that what does not fit is told
  /// before the work.
  private static func rehearse(_ trainer: DynamicTrainer) throws {
    try Memory.check("--batch", batch: trainer.configuration.imagesPerStep, of: trainer.teacher)
    try trainer.check()
  }

  private func show(_ summary: Summary) throws {
    let bits = summary.activationBits.map(String.init).joined(separator: ", ")
    if let allocation = summary.allocation {
      try Output.line("\(output): bits by layer")
      try allocation.show()
    } else {
      try Output.line("\(output): weights of \(summary.weightBits) bits, activations of \(bits)")
    }
    try summary.synthetic.show()
    if let report = summary.report { try Output.report(report) }
  }

  /// Trains under a progress bar, on a stored set or on the source that has made it.
  static func student(
    _ trainer: DynamicTrainer, _ images: SyntheticImages, source: GeneratorSource? = nil,
    run options: RunOptions,
    checkpoint: String? = nil, executionChange: ExecutionChange = .refused,
    title: String = "training"
  ) throws -> QuantizedNetwork {
    try options.withProgress(title, saved: saved(checkpoint)) { bar in
      let report = { (p: TrainingProgress) in
        if p.reconstruction != nil { return }
        if let step = p.reconstructionStep {
          return try bar.update(
            share: step.share, counted: "\(step.unit)/\(step.count) blocks",
            note: "\(step.name): distance \(Output.short(step.distance))")
        }
        let bits = p.meanBits.map { ", bits \(Output.bits($0))" } ?? ""
        try bar.update(
          p.step, of: p.steps,
          note: p.losses.map { "\($0.name) \(Output.short($0.value))" }.joined(separator: ", ")
            + bits)
      }
      guard let source else {
        return try trainer.train(
          on: images, checkpoint: checkpoint, executionChange: executionChange, progress: report)
      }
      return try trainer.train(
        on: source, checkpoint: checkpoint, executionChange: executionChange, progress: report)
    }
  }

  private static func saved(_ checkpoint: String?) -> String {
    guard let checkpoint else { return "nothing is saved (with --checkpoint the state is)" }
    return "the state is saved in \(checkpoint): the same command continues"
  }
}
