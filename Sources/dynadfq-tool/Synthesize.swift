import ArgumentParser
import DynaDFQ

struct Synthesize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make images from a network's batch-norm statistics and soft labels.",
    discussion: """
      Example: dynadfq synthesize --model resnet20-cifar10.safetensors --preset reduced \
      -o images.safetensors --picture images.png
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var synthesis: SynthesisOptions
  @OptionGroup var options: RunOptions
  @Option(help: "How much work: demo, reduced or full.")
  var preset = Preset.reduced
  @Option(name: .shortAndLong, help: "Where the images go (safetensors).")
  var output: String
  @Option(help: "Directory for finished batches; a run that finds it goes on.")
  var checkpoint: String?
  @Option(help: "Also draw the images, easy to hard, into this PNG.")
  var picture: String?
  @Option(help: "Analysis: Fréchet distance of penultimate features to these real images.")
  var frechet: String?
  @Option(help: "Use only the first so many real images.")
  var limit: Int?

  struct Summary: Encodable {
    var output: String
    var images: Int
    var dropped: Int
    var easy: Int
    var meanLabelEntropy: Float
    var meanPredictionEntropy: Float
    var frechetDistance: Double?
  }

  func run() throws {
    let network = try model.network()
    let images = try Synthesize.images(
      network, synthesis.configuration(preset, seed: options.seed), run: options,
      checkpoint: checkpoint)
    try images.write(to: output)
    if let picture { try Picture(images, network: network).image().writePNG(to: picture) }
    func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(max(values.count, 1)) }
    var summary = Summary(
      output: output, images: images.count, dropped: images.droppedCount,
      easy: images.isEasy.filter { $0 }.count,
      meanLabelEntropy: mean(images.difficulty.map(\.labelEntropy)),
      meanPredictionEntropy: mean(images.difficulty.map(\.predictionEntropy)))
    if let frechet {
      let real = try DataOptions.open(frechet, limit: limit)
      summary.frechetDistance = try FrechetDistance.between(
        FrechetDistance.features(of: images.images, in: network, context: options.context),
        FrechetDistance.features(
          of: network.inputs(real, at: 0..<real.count), in: network, context: options.context))
    }
    if options.json { return try Output.json(summary) }
    print("\(output): \(summary.images) images (\(summary.easy) easy), \(summary.dropped) dropped")
    print("mean entropy / log C: labels \(summary.meanLabelEntropy)", terminator: "")
    print(", predictions \(summary.meanPredictionEntropy)")
    if let distance = summary.frechetDistance {
      print("Fréchet distance to \(frechet!): \(distance)")
    }
  }

  static func images(
    _ network: Network, _ configuration: SoftLabelSynthesizer.Configuration,
    run options: RunOptions,
    checkpoint: String? = nil
  ) throws -> SyntheticImages {
    let synthesizer = try SoftLabelSynthesizer(
      teacher: network, configuration: configuration, context: options.context)
    let bar = options.progress("synthesis")
    defer { bar.finish() }
    return try synthesizer.synthesize(checkpoint: checkpoint) { p in
      bar.update(
        p.batch * p.steps + p.step, of: p.batches * p.steps,
        note: p.losses.map { "\($0.name) \(Output.bits($0.value))" }.joined(separator: ", "))
    }
  }
}
