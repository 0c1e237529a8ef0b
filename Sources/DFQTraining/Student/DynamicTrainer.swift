import DFQEngine
public import DFQGraph
public import DFQQuantization
public import DFQSynthesis
public import DFQTensor

/// Trains a student on synthetic images, without any real one.
///
/// Training calibrates the ranges, draws bits at random in a warm-up, then trains weights, steps and
/// selectors together, and finally calibrates the price of a bit so that clean synthetic images meet
/// the budget.
///
/// ```swift
/// let trainer = DynamicTrainer(
///   teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
///   configuration: .init(budget: 4))
/// let student = try trainer.train(on: images)
/// ```
public struct DynamicTrainer: Sendable {
  /// The full-precision network.
  public let teacher: Network
  /// How weights and activations are quantized.
  public let quantizer: Quantizer
  /// How bits are chosen; without effect where the quantizer has one candidate.
  public let selector: BitSelector?
  /// What is done with the network before it is quantized; the teacher stays as it is.
  public let transforms: [any DataFreeTransform]
  /// The losses; their sum is minimized.
  public let objectives: [any StudentObjective]
  /// What is done with the gradient of the weights and with the optimizer's steps, in order.
  public let updates: [any UpdateRule]
  /// Everything else a run depends on.
  public let configuration: Configuration
  /// How work is executed; the number of threads does not change the bits of results, the
  /// instruction set, the backend and the arithmetic do.
  public let context: ExecutionContext

  /// Makes a trainer.
  public init(
    teacher: Network, quantizer: Quantizer, selector: BitSelector? = nil,
    transforms: [any DataFreeTransform] = [],
    objectives: [any StudentObjective] = .standard, updates: [any UpdateRule] = [],
    configuration: Configuration = .init(),
    context: ExecutionContext = .default
  ) {
    self.teacher = teacher
    self.quantizer = quantizer
    self.selector = selector
    self.transforms = transforms
    self.objectives = objectives
    self.updates = updates
    self.configuration = configuration
    self.context = context
  }

  /// Trains a student on a stored set of synthetic images.
  ///
  /// With `checkpoint`, the run's state is written there every `checkpointInterval` steps, at the
  /// end, and when the task is cancelled or `progress` throws; a run that finds the file resumes
  /// from it to the same bits.
  ///
  /// - Parameters:
  ///   - images: The images; ``Configuration/holdOut`` of them are only watched.
  ///   - checkpoint: The path of the state's file.
  ///   - executionChange: Whether a checkpoint of another instruction set, backend or arithmetic
  ///     may be resumed.
  ///   - progress: Called after every step; an error that it throws ends the run.
  /// - Returns: The trained student.
  /// - Throws: ``TrainingError``, ``QuantizationError``, ``NetworkError``, ``InterchangeError`` for
  ///   files, `CancellationError`, and what `progress` throws.
  public func train(
    on images: SyntheticImages, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused,
    progress: ((TrainingProgress) throws -> Void)? = nil
  ) throws -> QuantizedNetwork {
    let session = try StudentSession(
      self, on: images, checkpoint: checkpoint, executionChange: executionChange)
    return try session.run(progress: progress)
  }

  /// Trains a student on a source of synthetic images, such as a generator.
  ///
  /// Ranges and the budget are calibrated on ``Configuration/calibrationImages`` images of the
  /// source; none is held out. After each step's gradients the source may learn from the student
  /// (`ImageSource.learn(_:)`), and its state is saved in checkpoints.
  ///
  /// - Throws: As `train(on:checkpoint:executionChange:progress:)`, and
  ///   what the source throws.
  public func train(
    on source: any ImageSource, checkpoint: String? = nil,
    executionChange: ExecutionChange = .refused,
    progress: ((TrainingProgress) throws -> Void)? = nil
  ) throws -> QuantizedNetwork {
    let session = try StudentSession(
      self, on: source, checkpoint: checkpoint, executionChange: executionChange)
    return try session.run(progress: progress)
  }

  /// A student with calibrated ranges and no training: what post-training quantization gives.
  ///
  /// - Throws: As `train(on:checkpoint:executionChange:progress:)`.
  public func calibrate(on images: SyntheticImages) throws -> QuantizedNetwork {
    var supply = try ImageSupply(self, images)
    var student = try calibrated(on: supply.calibrationImages())
    try fitSelector(of: &student, on: images.images)
    try meetBudget(&student, images: images.images)
    try student.checkFinite()
    return student
  }

  /// Fits a selector that is fitted, on images N H W C, with the teacher's logits.
  func fitSelector(of student: inout QuantizedNetwork, on images: Tensor) throws {
    guard student.selectorLearning == .fitted else { return }
    try student.fitSelector(
      on: images,
      teacherLogits: FloatExecutor(teacher, context: context).logits(ofInputs: images),
      context: context)
  }

  /// The network that the student is made of: the teacher behind all transforms, with filters as long as the teacher's, so that the
  /// rate means the same.
  ///
  /// - Throws: What the transforms throw.
  public func transformedTeacher() throws -> TransformedNetwork {
    var result = try teacher.transformed(by: transforms, for: quantizer, context: context)
    guard !transforms.isEmpty else { return result }
    result.network = try result.network.withFilterLengths(
      of: teacher, perChannel: quantizer.weights.granularity == .perChannel)
    return result
  }

  /// A student whose ranges are calibrated on images N H W C.
  func calibrated(on images: Tensor) throws -> QuantizedNetwork {
    var student = try QuantizedNetwork(
      network: transformedTeacher().network, quantizer: quantizer, selector: selector,
      seed: configuration.seed)
    let batches = stride(from: 0, to: images.rowCount, by: 128).map {
      images.rows($0..<min($0 + 128, images.rowCount))
    }
    try student.calibrate(batches: batches, context: context)
    return student
  }
}
