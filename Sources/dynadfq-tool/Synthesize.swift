import ArgumentParser
import DynaDFQ

struct Synthesize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make images from a network, by soft labels or any other method.",
    discussion: """
      Example: dynadfq synthesize --model resnet20-cifar10.safetensors --preset reduced \
      -o images.safetensors --picture images.png

      `dynadfq methods` lists what --method takes.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var synthesis: SynthesisOptions
  @OptionGroup var options: RunOptions
  @Option(help: Preset.help)
  var preset = Preset.reduced
  @Option(name: .shortAndLong, help: "Where the images go (safetensors).")
  var output: String
  @Option(help: "Directory for finished batches; a run that finds it continues.")
  var checkpoint: String?
  @Flag(
    help: """
      Divide the batches with all other processes that run this command with the same --checkpoint, \
      on a file system that all see. (mpirun implies it.)
      """)
  var share = false
  @Option(help: "Also draw the images, easy to hard, into this PNG.")
  var picture: String?
  @Option(help: ClassNames.help)
  var classNames: String?
  @Option(help: "Analysis: Fréchet distance of penultimate features to these real images.")
  var frechet: String?
  @Option(help: "With --frechet: use only the first so many real images.")
  var limit: Int?

  struct Summary: Encodable {
    var output: String
    var images: Int
    var dropped: Int
    var easy: Int
    var meanLabelEntropy: Float
    var meanPredictionEntropy: Float
    var frechetDistance: Double?
    /// Of a generator's images: the share that the network sees in the class of its label.
    var labelAccuracy: Double?
  }

  func validate() throws {
    try Demand.range("--limit", limit, 1...Int.max)
    try Demand.absent("--limit", limit != nil && frechet == nil, "without --frechet")
    if synthesis.isGenerator {
      try Demand.absent("--checkpoint", checkpoint != nil, "on a generator")
      try Demand.absent("--share", share, "on a generator")
    }
    try Demand.absent("--share", share && checkpoint == nil, "without --checkpoint")
    try Demand.absent("--class-names", classNames != nil && picture == nil, "without --picture")
  }

  func run() throws {
    var preflight = Preflight()
    preflight.reads("--model", ModelOptions.path(model.model))
    preflight.readsData("--frechet", frechet)
    preflight.writes("--output", output)
    preflight.writes("--picture", picture)
    preflight.makesDirectory("--checkpoint", checkpoint)
    try preflight.check()
    let network = try model.network()
    let names = try picture.map { _ in try ClassNames(classNames, model: model.model, network) }
    let real = try frechet.map { try DataOptions.open($0, limit: limit, for: network) }

    let made = try MadeImages(
      synthesis.imageSettings(preset, seed: options.seed), from: network, run: options,
      checkpoint: checkpoint, isShared: share)
    let images = made.images
    if Processes.isFirst { try images.write(to: output) }
    if let picture, Processes.isFirst {
      try Picture(images, network: network, names: names).image().writePNG(to: picture)
    }
    let difficulty = images.difficulty
    func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(max(values.count, 1)) }
    let summary = Summary(
      output: output, images: images.count, dropped: images.droppedCount,
      easy: images.isEasy.filter { $0 }.count,
      meanLabelEntropy: mean(difficulty.map(\.labelEntropy)),
      meanPredictionEntropy: mean(difficulty.map(\.predictionEntropy)),
      frechetDistance: try real.map { try distance(images, $0, in: network) },
      labelAccuracy: try made.source.map { _ in
        try GeneratorImages.accuracy(images, network, run: options)
      })
    if options.json { try Output.json(summary, run: options) } else { try show(summary) }
  }

  private func distance(
    _ images: SyntheticImages, _ real: any RealImages, in network: Network
  ) throws -> Double {
    let context = options.context
    return try FrechetDistance.between(
      FrechetDistance.features(of: images.images, in: network, context: context),
      FrechetDistance.features(
        of: network.inputs(real, at: 0..<real.count), in: network, context: context))
  }

  private func show(_ summary: Summary) throws {
    try Output.line(
      "\(summary.output): \(summary.images) images (\(summary.easy) easy), "
        + "\(summary.dropped) dropped")
    try Output.line(
      "mean entropy / log C: labels \(Output.bits(Double(summary.meanLabelEntropy))), "
        + "predictions \(Output.bits(Double(summary.meanPredictionEntropy)))")
    if let accuracy = summary.labelAccuracy {
      try Output.line("the network sees \(Output.percent(accuracy)) % in the class of their label")
    }
    if let distance = summary.frechetDistance {
      try Output.line("Fréchet distance to \(frechet ?? ""): \(Output.short(distance))")
    }
  }
}
