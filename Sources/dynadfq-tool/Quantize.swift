import ArgumentParser
import DynaDFQ

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a quantized network on synthetic images: from weights to student and report.",
    discussion: """
      Example: dynadfq quantize --model resnet20-cifar10.safetensors --weight-bits 4 \
      --activation-bits 3,4,5 --budget 4 -o student.safetensors --data cifar10:test.bin

      --fixed gives static quantization by the same code. Without --images they are synthesized.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var quantizer: QuantizerOptions
  @OptionGroup var training: TrainingOptions
  @OptionGroup var synthesis: SynthesisOptions
  @OptionGroup var options: RunOptions
  @Option(help: "How much work: demo, reduced or full.")
  var preset = Preset.reduced
  @Option(help: "Synthetic images made by `synthesize`.")
  var images: String?
  @Flag(help: "Static: one number of bits, the middle candidate (or --budget).")
  var fixed = false
  @Option(name: .shortAndLong, help: "Where the student goes (safetensors).")
  var output: String
  @Option(help: "File for the state between steps; a run that finds it goes on to the same bits.")
  var checkpoint: String?
  @Option(help: DataOptions.help)
  var data: String?
  @Option(help: "Use only the first so many real images.")
  var limit: Int?
  @Flag(help: "Compare with fixed, random, shuffled and oracle bits.")
  var controls = false

  struct Summary: Encodable {
    var output: String
    var bitOPs: Double
    var selectorBitOPs: Double
    var report: EvaluationReport?
  }

  func run() throws {
    let network = try model.network()
    var quantizer = try self.quantizer.makeQuantizer()
    if fixed {
      let bits = quantizer.activationBits
      quantizer.activationBits = [training.budget.map { Int($0) } ?? bits[bits.count / 2]]
    }
    let images =
      try images.map { try SyntheticImages(contentsOf: $0) }
      ?? Synthesize.images(
        network, synthesis.configuration(preset, seed: options.seed), run: options)
    let trainer = DynamicTrainer(
      teacher: network, quantizer: quantizer, selector: try self.quantizer.makeSelector(),
      configuration: training.configuration(preset, seed: options.seed, quantizer: quantizer),
      context: options.context)
    let student = try Quantize.student(trainer, images, run: options, checkpoint: checkpoint)
    try student.write(to: output)
    let middle = quantizer.activationBits[quantizer.activationBits.count / 2]
    var summary = Summary(
      output: output, bitOPs: student.bitOPs(activationBits: middle),
      selectorBitOPs: student.selectorBitOPs)
    if let data {
      summary.report = try Evaluate.report(
        student, try DataOptions.open(data, limit: limit), teacher: network, controls: controls,
        run: options)
    }
    if options.json { return try Output.json(summary) }
    print(
      "\(output): weights \(quantizer.weightBits) bits, activations \(quantizer.activationBits)")
    if let report = summary.report { Output.report(report) }
  }

  static func student(
    _ trainer: DynamicTrainer, _ images: SyntheticImages, run options: RunOptions,
    checkpoint: String? = nil, title: String = "training"
  ) throws -> QuantizedNetwork {
    let bar = options.progress(title)
    defer { bar.finish() }
    return try trainer.train(on: images, checkpoint: checkpoint) { p in
      let bits = p.meanBits.map { ", bits \(Output.bits($0))" } ?? ""
      bar.update(
        p.step, of: p.steps,
        note: "labels \(Output.bits(p.crossEntropy)), distillation \(p.distillation)\(bits)")
    }
  }
}
