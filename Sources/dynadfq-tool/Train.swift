import ArgumentParser
import DynaDFQ

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a full-precision network on real images (a teacher).",
    discussion: """
      Example, the network that comes with the tool: dynadfq train --data fashion-mnist:train \
      --test fashion-mnist:test --arch resnet20-cifar:input=28x28x1,classes=10 --seed 1 \
      -o resnet20-fashion-mnist.safetensors
      """)

  @Option(help: DataOptions.help)
  var data: String
  @Option(help: "Real images the finished network is measured on, once.")
  var test: String?
  @Option(help: "The architecture, such as resnet20-cifar:input=28x28x1,classes=10.")
  var arch = "resnet20-cifar"
  @Option(name: .shortAndLong, help: "Where the network goes (safetensors).")
  var output: String
  @Option(help: "File for the state after each epoch; a run that finds it continues.")
  var checkpoint: String?
  @OptionGroup var resume: ResumeOptions
  @Option(help: "Passes over the images.")
  var epochs = 20
  @Option(help: "Images of a step.")
  var batch = 128
  @Option(help: "SGD's highest rate.")
  var learningRate: Float = 0.2
  @Option(help: "Weight decay.")
  var weightDecay: Float = 5e-4
  @Option(help: "Label smoothing, at least 0 and below 1.")
  var labelSmoothing: Float = 0.1
  @Option(help: "Pixels images are shifted by at most.")
  var shift = 2
  @Flag(help: "Do not mirror images.")
  var noFlip = false
  @Option(help: "Use only the first so many images.")
  var limit: Int?
  @OptionGroup var options: RunOptions

  struct Summary: Encodable {
    var output: String
    var epochs: Int
    var trainAccuracy: Double
    var testAccuracy: Double?
  }

  func validate() throws {
    try Demand.range("--epochs", epochs, 1...1_000_000)
    try Demand.range("--batch", batch, 1...1_000_000)
    try Demand.range("--learning-rate", learningRate, Float.leastNormalMagnitude...1e6)
    try Demand.range("--weight-decay", weightDecay, 0...1)
    try Demand.range("--label-smoothing", labelSmoothing, 0...Float(1).nextDown)
    try Demand.range("--shift", shift, 0...4096)
    try Demand.range("--limit", limit, 1...Int.max)
  }

  func run() throws {
    var preflight = Preflight()
    preflight.readsData("--data", data)
    preflight.readsData("--test", test)
    preflight.writes("--output", output)
    preflight.writes("--checkpoint", checkpoint)
    try preflight.check()
    let architecture = try Architecture(name: arch)
    func open(_ name: String, limit: Int?) throws -> any RealImages {
      try DataOptions.open(
        name, limit: limit, imageShape: architecture.imageShape,
        classCount: architecture.classCount)
    }
    let images = try open(data, limit: limit)
    let held = try test.map { try open($0, limit: nil) }
    try Memory.check("--batch", batch: batch, of: architecture.network(seed: options.seed))

    var accuracy = 0.0
    let network = try trained(architecture, images, accuracy: &accuracy)
    try network.write(to: output)
    let summary = Summary(
      output: output, epochs: epochs, trainAccuracy: accuracy,
      testAccuracy: try held.map { try Evaluate.accuracy(of: network, on: $0, run: options) })
    if options.json { return try Output.json(summary, run: options) }
    let share = summary.testAccuracy.map { ", test accuracy \(Output.percent($0)) %" } ?? ""
    try Output.line("\(output): trained for \(epochs) epochs\(share)")
  }

  /// The trained network and the last epoch's training accuracy.
  private func trained(
    _ architecture: Architecture, _ images: any RealImages, accuracy: inout Double
  ) throws -> Network {
    let trainer = TeacherTrainer(
      architecture: architecture,
      configuration: .init(
        epochs: epochs, imagesPerStep: batch, learningRate: learningRate,
        weightDecay: weightDecay, labelSmoothing: labelSmoothing, shift: shift, flip: !noFlip,
        seed: options.seed),
      context: options.context)
    var sum = 0.0
    var steps = 0
    var last = 0.0
    let network = try options.withProgress("training", saved: saved) { bar in
      try trainer.train(
        on: images, checkpoint: checkpoint,
        executionChange: resume.executionChange
      ) { p in
        sum += p.accuracy
        steps += 1
        if p.step % p.stepsPerEpoch == 0 {
          last = sum / Double(steps)
          (sum, steps) = (0, 0)
          if !options.json {
            try bar.print(
              "epoch \(p.step / p.stepsPerEpoch): training accuracy \(Output.percent(last)) %")
          }
        }
        try bar.update(p.step, of: p.steps, note: "loss \(Output.short(p.loss))")
      }
    }
    accuracy = last
    return network
  }

  private var saved: String {
    guard let checkpoint else {
      return "nothing is saved (with --checkpoint the state of finished epochs is)"
    }
    return "finished epochs are saved in \(checkpoint): the same command continues"
  }
}
