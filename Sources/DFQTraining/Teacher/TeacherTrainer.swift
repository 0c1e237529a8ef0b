public import DFQFiles
import DFQEngine
public import DFQGraph
public import DFQTensor

/// Trains a full-precision network on real, labelled images: how a teacher comes to be where no
/// public one is.
///
/// Nothing of the data-free path uses it.
public struct TeacherTrainer: Sendable {
  /// Everything a run depends on besides the network and the images.
  public struct Configuration: Sendable, Codable, Hashable {
    /// Passes over the images.
    public var epochs: Int
    /// The images of a step.
    public var batch: Int
    /// SGD's highest rate, reached along a one-cycle schedule.
    public var learningRate: Float
    /// The share of the run in which the rate rises.
    public var warmup: Float
    /// SGD's momentum (Nesterov's).
    public var momentum: Float
    /// SGD's weight decay, on weights alone (neither biases nor batch norm).
    public var weightDecay: Float
    /// The probability mass spread over all classes.
    public var labelSmoothing: Float
    /// Pixels an image is shifted by at most, with zeros (of the normalized image) moving in.
    public var shift: Int
    /// Whether images are mirrored at random.
    public var flip: Bool
    /// The seed of weights, order and augmentation.
    public var seed: UInt64

    /// Makes a configuration; the defaults train the embedded Fashion-MNIST network.
    public init(
      epochs: Int = 20, batch: Int = 128, learningRate: Float = 0.2, warmup: Float = 0.25,
      momentum: Float = 0.9, weightDecay: Float = 5e-4, labelSmoothing: Float = 0.1,
      shift: Int = 2, flip: Bool = true, seed: UInt64 = 0
    ) {
      self.epochs = epochs
      self.batch = batch
      self.learningRate = learningRate
      self.warmup = warmup
      self.momentum = momentum
      self.weightDecay = weightDecay
      self.labelSmoothing = labelSmoothing
      self.shift = shift
      self.flip = flip
      self.seed = seed
    }

    func check() throws {
      guard epochs >= 1 else {
        throw TrainingError.badConfiguration(what: "epochs of at least 1", found: "\(epochs)")
      }
      guard batch >= 1 else {
        throw TrainingError.badConfiguration(what: "a batch of at least 1", found: "\(batch)")
      }
      guard learningRate.isFinite, learningRate > 0, (0..<1).contains(labelSmoothing), shift >= 0
      else {
        throw TrainingError.badConfiguration(
          what: "a rate above 0, smoothing in 0..<1 and a shift of at least 0",
          found: "\(learningRate), \(labelSmoothing), \(shift)")
      }
    }
  }

  /// How far a run is.
  public struct Progress: Sendable {
    /// The steps done.
    public var step: Int
    /// The steps of the whole run.
    public var steps: Int
    /// The steps of one epoch.
    public var stepsPerEpoch: Int
    /// The cross entropy of the step.
    public var loss: Double
    /// The share of the step's images classified as labelled.
    public var accuracy: Double
    /// The learning rate.
    public var learningRate: Float
  }

  /// The architecture.
  public let architecture: Architecture
  /// Everything else a run depends on.
  public let configuration: Configuration
  /// How work is executed.
  public let context: ExecutionContext

  /// Makes a trainer.
  public init(
    architecture: Architecture, configuration: Configuration = .init(),
    context: ExecutionContext = .default
  ) {
    self.architecture = architecture
    self.configuration = configuration
    self.context = context
  }

  /// Trains a network; with `checkpoint`, the state is written there after every epoch and a run
  /// that finds the file goes on from it to the same bits.
  ///
  /// Throws `TrainingError`, `NetworkError` and what the data set throws.
  public func train(
    on images: any RealImages, checkpoint: String? = nil, progress: ((Progress) throws -> Void)? = nil
  ) throws -> Network {
    try configuration.check()
    guard images.count >= configuration.batch else {
      throw TrainingError.imagesDoNotFit(
        expected: "at least one batch of \(configuration.batch)", found: "\(images.count) images")
    }
    var state = try TeacherState(architecture, images, configuration, checkpoint: checkpoint)
    let data = try RealBatches(images, network: state.network, configuration: configuration)
    let executor = Executor(plan: Plan(state.network.graph), context: context)
    let perEpoch = images.count / configuration.batch
    let total = perEpoch * configuration.epochs
    let schedule = LearningRateSchedule.oneCycle(warmup: configuration.warmup, final: 1e-4)
    while state.step < total {
      let (inputs, labels, classes) = try data.batch(state.step)
      let rate =
        configuration.learningRate * schedule.factor(step: state.step, total: total)
      let response = try state.step(
        images: inputs, labels: labels, rate: rate, executor: executor, configuration)
      let predictions = response.outputs[0].argmaxOfRows()
      let hits = zip(predictions, classes).filter { $0 == $1 }.count
      if let checkpoint, state.step % perEpoch == 0 { try state.write(to: checkpoint) }
      try progress?(
        Progress(
          step: state.step, steps: total, stepsPerEpoch: perEpoch,
          loss: response.imageLosses[0], accuracy: Double(hits) / Double(classes.count),
          learningRate: rate))
    }
    return state.network
  }
}
