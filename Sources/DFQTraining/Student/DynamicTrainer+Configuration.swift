public import DFQEngine
import DFQGraph
public import DFQQuantization
public import DFQSynthesis

extension DynamicTrainer {
  /// How the budget acts on the selector during training.
  public enum BudgetRule: Sendable, Codable, Hashable {
    /// weight * max(0, mean bits - budget), with the mean of the preceding steps: the hinge of
    /// DQNet (Liu et al., 2022).
    case hinge(weight: Float)
    /// A price of a bit that grows while the mean is above the budget and falls while it is below,
    /// by a factor of e^(rate * excess) a step; it needs no tuning to the scale of the other
    /// losses.
    case multiplier(initial: Float, rate: Float)
    /// w * bits / (their mean under the softmax, without gradient), for each decided output and added
    /// up over them, with w = weight + growth * step: CADyQ's regularizer (Hong et al., 2022). It knows
    /// no budget and presses at any cost; MACs do not weigh in.
    case bitRatio(weight: Float, growth: Float)
  }

  /// Everything a run depends on besides the teacher, the images, the quantizer, the selector and
  /// the objectives.
  public struct Configuration: Sendable, Codable, Hashable {
    /// The mean activation bits (MAC-weighted) whose BitOPs a dynamic student may cost on average,
    /// its selector included; nil leaves the selector free.
    public var budget: Double?
    /// The number of steps.
    public var steps: Int
    /// The number of images in a step.
    public var imagesPerStep: Int
    /// SGD's base rate; the default belongs to distillation with its default weight.
    public var learningRate: Float
    /// How all rates change; they rise first, because the first gradients of a network that has just
    /// been quantized are large.
    public var schedule: LearningRateSchedule
    /// Adam's base rate for the logarithms of learned steps.
    public var stepLearningRate: Float
    /// Adam's base rate for the selectors.
    public var selectorLearningRate: Float
    /// How the budget acts on the selector.
    public var budgetRule: BudgetRule
    /// The share of the steps, at the start, in which bits are drawn at random.
    public var warmup: Double
    /// Which images are mixed in pairs.
    public var mixup: Mixup
    /// Whether images are cropped, resized back and flipped at random.
    public var augmentation: Bool
    /// What the images of a step lose of their high frequencies, after crops and flips; nil for nothing.
    public var lowPass: LowPassFilter?
    /// How images are moved to where they are harder, and trained on too; nil for the images alone.
    public var perturbation: Perturbation?
    /// How the rounding of weights is learned block by block before the first step; nil for none.
    public var adaptiveRounding: AdaptiveRounding?
    /// SGD's momentum (Nesterov's).
    public var momentum: Float
    /// SGD's weight decay.
    public var weightDecay: Float
    /// The decay of the exponential moving averages of weights, steps and selectors over the training
    /// steps, which the finished student gets; 0 for the values of the last step.
    public var averaging: Float
    /// The share of a stored set's images that no step sees; agreement with the teacher is measured
    /// on them.
    public var holdOut: Double
    /// The number of images that are drawn from a source that is no stored set, for the calibration
    /// of ranges and for the final budget search.
    public var calibrationImages: Int
    /// The steps between checkpoints, where a path for them is given.
    public var checkpointInterval: Int
    /// The seed of every draw.
    public var seed: UInt64

    /// Makes a configuration; the defaults are the preset `reduced`.
    public init(
      budget: Double? = nil, steps: Int = 2000, imagesPerStep: Int = 64,
      learningRate: Float = 3e-5,
      schedule: LearningRateSchedule = .oneCycle(warmup: 0.3, final: 0.01),
      stepLearningRate: Float = 1e-3, selectorLearningRate: Float = 1e-3,
      budgetRule: BudgetRule = .multiplier(initial: 1, rate: 0.05), warmup: Double = 0.1,
      mixup: Mixup = .init(.easy), augmentation: Bool = true,
      lowPass: LowPassFilter? = nil, perturbation: Perturbation? = nil,
      adaptiveRounding: AdaptiveRounding? = nil,
      momentum: Float = 0.9, weightDecay: Float = 1e-4, averaging: Float = 0,
      holdOut: Double = 0.05, calibrationImages: Int = 512, checkpointInterval: Int = 250,
      seed: UInt64 = 0
    ) {
      self.budget = budget
      self.steps = steps
      self.imagesPerStep = imagesPerStep
      self.learningRate = learningRate
      self.schedule = schedule
      self.stepLearningRate = stepLearningRate
      self.selectorLearningRate = selectorLearningRate
      self.budgetRule = budgetRule
      self.warmup = warmup
      self.mixup = mixup
      self.augmentation = augmentation
      self.lowPass = lowPass
      self.perturbation = perturbation
      self.adaptiveRounding = adaptiveRounding
      self.momentum = momentum
      self.weightDecay = weightDecay
      self.averaging = averaging
      self.holdOut = holdOut
      self.calibrationImages = calibrationImages
      self.checkpointInterval = checkpointInterval
      self.seed = seed
    }

    /// A minute or less on two cores: for demonstrations.
    public static var demo: Configuration { .init(steps: 400) }
    /// About a twentieth of the published amount of work.
    public static var reduced: Configuration { .init() }
    /// The amount of work of IntraQ (Zhong et al., 2022): 147 epochs of 200 steps of 256 images.
    public static var full: Configuration { .init(steps: 29_400, imagesPerStep: 256) }

    /// The number of steps, at the start, in which bits are drawn at random.
    var warmupSteps: Int { Int((warmup * Double(steps)).rounded(.up)) }
  }
}
