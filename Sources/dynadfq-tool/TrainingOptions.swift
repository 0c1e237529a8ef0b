import ArgumentParser
import DFQExperiments
import DynaDFQ

extension Mixup.Images: @retroactive ExpressibleByArgument {}
extension Perturbation.Path: @retroactive ExpressibleByArgument {}

/// Every setting of the student's training.
struct TrainingOptions: ParsableArguments {
  @Option(
    help: """
      Mean activation bits whose BitOPs a dynamic student may cost, selector included; with \
      --fixed the bits. (default: the middle candidate)
      """)
  var budget: Double?
  @Option(help: "Training steps; 0 only calibrates. \(Preset.training(\.steps))")
  var steps: Int?
  @Option(help: "Images of a training step. \(Preset.training(\.imagesPerStep))")
  var batch: Int?
  @Option(help: "SGD's base rate on the weights. \(Preset.training(\.learningRate))")
  var learningRate: Float?
  @Option(
    help: """
      Adam's base rate on the logarithms of step sizes. \(Preset.training(\.stepLearningRate))
      """)
  var stepRate: Float?
  @Option(help: "Adam's base rate on the selectors. \(Preset.training(\.selectorLearningRate))")
  var selectorRate: Float?
  @Option(
    help: """
      A loss that the student is trained with, in the place of the usual ones; may be repeated. A kind that \
      `dynadfq methods` lists, or as in recipes: "{kind: attention alignment, weight: 2000}".
      """)
  var objective: [String] = []
  @Option(
    help: "Factor of the cross entropy with the labels. (default: \(LabelCrossEntropy().weight))")
  var labelWeight: Float?
  @Option(help: "Factor of the distillation loss. (default: \(LogitDistillation().weight))")
  var distillation: Float?
  @Option(help: "Temperature of distillation. (default: \(LogitDistillation().temperature))")
  var temperature: Float?
  @Option(help: "Factor of the distance of all layers' features. (default: 0, without)")
  var featureDistance: Float?
  @Option(
    help: """
      Factor of HAST's alignment of residual branches' channel attention, published as 1000 to \
      4000. (default: 0, without)
      """)
  var attention: Float?
  @Option(
    help: "Decay of the averages of what is learned. \(Preset.training(\.averaging))")
  var averaging: Float?
  @Option(help: "Share of the steps with bits drawn at random. \(Preset.training(\.warmup))")
  var warmup: Double?
  @Option(help: "The published hinge with this weight, in place of the growing multiplier.")
  var hinge: Float?
  @Option(
    help: "Which images are mixed in pairs, with labels. (default: \(Mixup.Images.easy.rawValue))")
  var mixup: Mixup.Images?
  @Option(help: "Concentration of mixup's Beta distribution. (default: 1)")
  var mixupStrength: Float?
  @Option(
    help: """
      Also train on images that are moved by so much, in normalized values, to where they are harder \
      (HAST; published as 0.01 and 0.02). (default: without)
      """)
  var perturbation: Float?
  @Option(
    help: """
      With --perturbation: the networks through which the gradient reaches the images, both, student \
      or teacher. (default: both)
      """)
  var perturbationPath: Perturbation.Path?
  @OptionGroup var update: UpdateOptions
  @OptionGroup var rounding: AdaptiveRoundingOptions
  @Flag(help: "Do not crop and flip.")
  var noAugmentation = false
  @Option(
    help: "Share of the synthetic images that is only watched. \(Preset.training(\.holdOut))")
  var holdOut: Double?
  @Option(help: "Steps between checkpoints. \(Preset.training(\.checkpointInterval))")
  var checkpointInterval: Int?

  func validate() throws {
    try Demand.range("--budget", budget, 2...8)
    try Demand.range("--steps", steps, 0...100_000_000)
    try Demand.range("--batch", batch, 1...1_000_000)
    try Demand.range("--learning-rate", learningRate, 0...1e6)
    try Demand.range("--step-rate", stepRate, 0...1e6)
    try Demand.range("--selector-rate", selectorRate, 0...1e6)
    try Demand.range("--label-weight", labelWeight, 0...1e9)
    try Demand.range("--distillation", distillation, 0...1e9)
    try Demand.range("--temperature", temperature, 1e-3...1e6)
    try Demand.range("--warmup", warmup, 0...1)
    try Demand.range("--hinge", hinge, 0...1e9)
    try Demand.range("--mixup-strength", mixupStrength, 0.01...100)
    try Demand.range("--averaging", averaging, 0...0.999999)
    try Demand.range("--feature-distance", featureDistance, 0...1e9)
    try Demand.range("--attention", attention, 0...1e9)
    try Demand.range("--perturbation", perturbation, Float.leastNormalMagnitude...1e6)
    try Demand.absent(
      "--perturbation-path", perturbationPath != nil && perturbation == nil,
      "without --perturbation")
    try Demand.range("--hold-out", holdOut, 0...0.99)
    if !objective.isEmpty {
      let factors: [(String, Float?)] = [
        ("--label-weight", labelWeight), ("--distillation", distillation),
        ("--temperature", temperature), ("--feature-distance", featureDistance),
        ("--attention", attention),
      ]
      for (name, value) in factors { try Demand.absent(name, value != nil, "with --objective") }
      _ = try objectives()
    }
    try Demand.range("--checkpoint-interval", checkpointInterval, 1...100_000_000)
  }

  /// The one number of bits of a static student: the budget, or the middle candidate.
  func fixedBits(_ candidates: [Int]) throws -> Int {
    guard let budget else { return candidates[candidates.count / 2] }
    guard budget == budget.rounded() else {
      throw ToolError.usage(
        "--budget \(budget) with --fixed: a static student has a whole number of bits, one of "
          + candidates.map(String.init).joined(separator: ", "))
    }
    guard candidates.contains(Int(budget)) else {
      throw ToolError.usage(
        "--budget \(Int(budget)) with --fixed is none of the candidates "
          + candidates.map(String.init).joined(separator: ", ") + "; see --activation-bits")
    }
    return Int(budget)
  }

  /// - Throws: ``ToolError/usage(_:)`` for a budget that changes nothing, or that no choice meets.
  func checkBudget(_ candidates: [Int]) throws {
    guard let budget else { return }
    try Demand.absent(
      "--budget", candidates.count == 1 && budget != Double(candidates[0]),
      "with one candidate, \(candidates[0]) bits")
    try Demand.range("--budget", budget, Double(candidates[0])...Double(candidates.last!))
  }

  /// The first option that only dynamic students have, where one was given.
  var givenForDynamic: String? {
    let options: [(String, Bool)] = [
      ("--selector-rate", selectorRate != nil), ("--warmup", warmup != nil),
      ("--hinge", hinge != nil),
    ]
    return options.first { $0.1 }?.0
  }

  /// The losses the student is trained with.
  ///
  /// - Throws: ``ToolError/usage(_:)`` for a kind or a setting that is not known.
  func objectives() throws -> [any StudentObjective] {
    guard objective.isEmpty else {
      return try objective.map { text in
        do {
          let place = RecipePlace(line: 0, path: "--objective \(Output.clean(text, limit: 60))")
          return try StudentSettings.objective(text, at: place)
        } catch {
          throw ToolError.usage("\(error)")
        }
      }
    }
    var objectives: [any StudentObjective] = [
      LabelCrossEntropy(weight: labelWeight ?? LabelCrossEntropy().weight),
      LogitDistillation(
        weight: distillation ?? LogitDistillation().weight,
        temperature: temperature ?? LogitDistillation().temperature),
    ]
    if let featureDistance, featureDistance > 0 {
      objectives.append(FeatureDistance(weight: featureDistance))
    }
    if let attention, attention > 0 { objectives.append(AttentionAlignment(weight: attention)) }
    return objectives
  }

  func configuration(
    _ preset: Preset, seed: UInt64, quantizer: Quantizer
  ) -> DynamicTrainer.Configuration {
    var c = preset.training
    let candidates = quantizer.activationBits
    c.budget = candidates.count > 1 ? budget ?? Double(candidates[candidates.count / 2]) : nil
    if let steps { c.steps = steps }
    if let batch { c.imagesPerStep = batch }
    if let learningRate { c.learningRate = learningRate }
    if let stepRate { c.stepLearningRate = stepRate }
    if let selectorRate { c.selectorLearningRate = selectorRate }
    if let warmup { c.warmup = warmup }
    if let hinge { c.budgetRule = .hinge(weight: hinge) }
    if let mixup { c.mixup.images = mixup }
    if let mixupStrength { c.mixup.strength = mixupStrength }
    if let averaging { c.averaging = averaging }
    if noAugmentation { c.augmentation = false }
    if let lowPass = update.lowPass { c.lowPass = LowPassFilter(cutoff: lowPass) }
    if let perturbation {
      c.perturbation = Perturbation(size: perturbation, path: perturbationPath ?? .both)
    }
    c.adaptiveRounding = rounding.method(preset)
    if let holdOut { c.holdOut = holdOut }
    if let checkpointInterval { c.checkpointInterval = checkpointInterval }
    c.seed = seed
    return c
  }
}
