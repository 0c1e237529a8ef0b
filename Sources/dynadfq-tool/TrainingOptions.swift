import ArgumentParser
import DynaDFQ

/// Every knob of the student's training.
struct TrainingOptions: ParsableArguments {
  @Option(
    help: """
      Mean activation bits whose BitOPs a dynamic student may cost, selector included; without it \
      the middle candidate.
      """)
  var budget: Double?
  @Option(help: "Training steps; 0 only calibrates.")
  var steps: Int?
  @Option(help: "Images of a training step.")
  var batch: Int?
  @Option(help: "SGD's base rate on the weights.")
  var learningRate: Float?
  @Option(help: "Adam's base rate on the logarithms of step sizes.")
  var stepRate: Float?
  @Option(help: "Adam's base rate on the selectors.")
  var selectorRate: Float?
  @Option(help: "Factor of the cross entropy with the labels.")
  var labelWeight: Float?
  @Option(help: "Factor of the distillation loss.")
  var distillation: Float?
  @Option(help: "Temperature of distillation.")
  var temperature: Float?
  @Option(help: "Share of the steps with bits drawn at random.")
  var warmup: Double?
  @Option(help: "The published hinge with this weight, in place of the growing multiplier.")
  var hinge: Float?
  @Flag(help: "Do not mix easy images.")
  var noMixup = false
  @Flag(help: "Do not crop and flip.")
  var noAugmentation = false
  @Option(help: "Share of the synthetic images that is only watched.")
  var holdOut: Double?
  @Option(help: "Steps between checkpoints.")
  var checkpointInterval: Int?

  func configuration(
    _ preset: Preset, seed: UInt64, quantizer: Quantizer
  ) -> DynamicTrainer.Configuration {
    var c: DynamicTrainer.Configuration =
      switch preset {
      case .demo: .demo
      case .reduced: .reduced
      case .full: .full
      }
    let candidates = quantizer.activationBits
    c.budget = candidates.count > 1 ? budget ?? Double(candidates[candidates.count / 2]) : nil
    if let steps { c.steps = steps }
    if let batch { c.batch = batch }
    if let learningRate { c.learningRate = learningRate }
    if let stepRate { c.stepLearningRate = stepRate }
    if let selectorRate { c.selectorLearningRate = selectorRate }
    if let labelWeight { c.labelWeight = labelWeight }
    if let distillation { c.distillationWeight = distillation }
    if let temperature { c.temperature = temperature }
    if let warmup { c.warmup = warmup }
    if let hinge { c.budgetRule = .hinge(weight: hinge) }
    if noMixup { c.mixup = false }
    if noAugmentation { c.augmentation = false }
    if let holdOut { c.holdOut = holdOut }
    if let checkpointInterval { c.checkpointInterval = checkpointInterval }
    c.seed = seed
    return c
  }
}
