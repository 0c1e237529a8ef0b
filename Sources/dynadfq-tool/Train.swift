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
  @Option(help: "File for the state after each epoch; a run that finds it goes on.")
  var checkpoint: String?
  @Option(help: "Passes over the images.")
  var epochs = 20
  @Option(help: "Images of a step.")
  var batch = 128
  @Option(help: "SGD's highest rate.")
  var learningRate: Float = 0.2
  @Option(help: "Weight decay.")
  var weightDecay: Float = 5e-4
  @Option(help: "Label smoothing, 0..<1.")
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

  func run() throws {
    let images = try DataOptions.open(data, limit: limit)
    let trainer = TeacherTrainer(
      architecture: try Architecture(name: arch),
      configuration: .init(
        epochs: epochs, batch: batch, learningRate: learningRate, weightDecay: weightDecay,
        labelSmoothing: labelSmoothing, shift: shift, flip: !noFlip, seed: options.seed),
      context: options.context)
    let bar = options.progress("training")
    var sum = 0.0
    var steps = 0
    var last = 0.0
    let network = try trainer.train(on: images, checkpoint: checkpoint) { p in
      sum += p.accuracy
      steps += 1
      bar.update(p.step, of: p.steps, note: "loss \(Output.bits(p.loss))")
      guard p.step % p.stepsPerEpoch == 0 else { return }
      last = sum / Double(steps)
      (sum, steps) = (0, 0)
      if !options.json {
        print("epoch \(p.step / p.stepsPerEpoch): training accuracy \(Output.percent(last)) %")
      }
    }
    bar.finish()
    try network.write(to: output)
    var summary = Summary(output: output, epochs: epochs, trainAccuracy: last)
    if let test {
      let held = try DataOptions.open(test, limit: nil)
      let predictions = try FloatExecutor(network, context: options.context).logits(of: held)
        .argmaxOfRows()
      let hits = zip(predictions, held.labels).filter { $0 == $1 }.count
      summary.testAccuracy = Double(hits) / Double(held.count)
    }
    if options.json { return try Output.json(summary) }
    print("\(output): test accuracy \(Output.percent(summary.testAccuracy)) %, last step")
  }
}
