public import DFQEngine
import DFQGraph

extension DynamicTrainer {
  /// How the budget presses on the selector during training (methods.md 2.1.5, item 5).
  public enum BudgetRule: Sendable, Codable, Hashable {
    /// weight * max(0, mean bits - budget): the published hinge, with the mean of the preceding
    /// steps.
    case hinge(weight: Float)
    /// A price of a bit that grows while the mean is above the budget and falls while it is below,
    /// by a factor of e^(rate * excess) a step; it needs no tuning to the scale of the other
    /// losses.
    case multiplier(initial: Float, rate: Float)
  }

  /// Everything a run depends on besides the teacher, the images, the quantizer and the selector.
  public struct Configuration: Sendable, Codable, Hashable {
    /// The mean activation bits (MAC-weighted) whose BitOPs a dynamic student may cost on average,
    /// its selector included; nil leaves the selector free.
    public var budget: Double?
    /// The number of steps.
    public var steps: Int
    /// The images of a step.
    public var batch: Int
    /// SGD's base rate; nil takes 3e-5 from 4-bit weights on and 1e-5 below, both for the weight
    /// 8000 of distillation.
    public var learningRate: Float?
    /// How all rates fall.
    public var schedule: LearningRateSchedule
    /// Adam's base rate for the logarithms of learned steps.
    public var stepLearningRate: Float
    /// Adam's base rate for the selectors.
    public var selectorLearningRate: Float
    /// The factor of the cross entropy with the images' labels.
    public var labelWeight: Float
    /// The factor of the distillation loss (IntraQ's is 20 T^2).
    public var distillationWeight: Float
    /// The temperature T of distillation.
    public var temperature: Float
    /// How the budget presses on the selector.
    public var budgetRule: BudgetRule
    /// The share of the steps, at the start, in which bits are drawn at random.
    public var warmup: Double
    /// Whether easy images are mixed with each other (Zhang 2018).
    public var mixup: Bool
    /// Whether images are cropped, resized back and flipped at random.
    public var augmentation: Bool
    /// SGD's momentum (Nesterov's).
    public var momentum: Float
    /// SGD's weight decay.
    public var weightDecay: Float
    /// The share of the images that is only watched.
    public var holdOut: Double
    /// The steps between checkpoints, where a path for them is given.
    public var checkpointInterval: Int
    /// The seed of every draw.
    public var seed: UInt64

    /// Makes a configuration; the defaults are the preset `reduced`.
    public init(
      budget: Double? = nil, steps: Int = 2000, batch: Int = 64, learningRate: Float? = nil,
      schedule: LearningRateSchedule = .cosine(final: 0.01), stepLearningRate: Float = 1e-3,
      selectorLearningRate: Float = 1e-3, labelWeight: Float = 1,
      distillationWeight: Float = 8000, temperature: Float = 20,
      budgetRule: BudgetRule = .multiplier(initial: 1, rate: 0.05), warmup: Double = 0.1,
      mixup: Bool = true, augmentation: Bool = true, momentum: Float = 0.9,
      weightDecay: Float = 1e-4, holdOut: Double = 0.05, checkpointInterval: Int = 250,
      seed: UInt64 = 0
    ) {
      self.budget = budget
      self.steps = steps
      self.batch = batch
      self.learningRate = learningRate
      self.schedule = schedule
      self.stepLearningRate = stepLearningRate
      self.selectorLearningRate = selectorLearningRate
      self.labelWeight = labelWeight
      self.distillationWeight = distillationWeight
      self.temperature = temperature
      self.budgetRule = budgetRule
      self.warmup = warmup
      self.mixup = mixup
      self.augmentation = augmentation
      self.momentum = momentum
      self.weightDecay = weightDecay
      self.holdOut = holdOut
      self.checkpointInterval = checkpointInterval
      self.seed = seed
    }

    /// A minute or less on two cores: for demonstrations.
    public static var demo: Configuration { .init(steps: 400) }
    /// About a twentieth of the published work (methods.md 8.3).
    public static var reduced: Configuration { .init() }
    /// The published amount of work: 147 epochs of 200 steps of 256 images (methods.md 1.9).
    public static var full: Configuration { .init(steps: 29_400, batch: 256) }

    func check() throws {
      func demand(_ holds: Bool, _ what: String, _ found: any CustomStringConvertible)
        throws
      {
        if !holds { throw TrainingError.badConfiguration(what: what, found: found.description) }
      }
      try demand(steps >= 0, "steps of at least 0", steps)
      try demand(batch >= 1, "a batch of at least 1", batch)
      try demand((0...1).contains(warmup), "a warm-up share in 0...1", warmup)
      try demand((0..<1).contains(holdOut), "a hold-out share in 0..<1", holdOut)
      try demand(checkpointInterval >= 1, "a checkpoint interval of at least 1", checkpointInterval)
      try demand(temperature > 0, "a temperature above 0", temperature)
      let rates = [learningRate ?? 0, stepLearningRate, selectorLearningRate]
      try demand(rates.allSatisfy { $0.isFinite && $0 >= 0 }, "rates of at least 0", "\(rates)")
      if let budget { try demand(budget.isFinite && budget > 0, "a budget above 0", budget) }
    }
  }
}
