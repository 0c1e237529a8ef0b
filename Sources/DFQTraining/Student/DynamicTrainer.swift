import DFQEngine
public import DFQGraph
public import DFQQuantization
public import DFQSynthesis
public import DFQTensor

/// Trains the student on synthetic images alone: calibration, warm-up with random bits, joint
/// training of weights, steps and selectors, and a final calibration of the price of a bit so that
/// clean synthetic images meet the budget (methods.md 2.1.6).
public struct DynamicTrainer: Sendable {
  /// The full-precision network P.
  public let teacher: Network
  /// How weights and activations are quantized.
  public let quantizer: Quantizer
  /// How bits are chosen; without effect where the quantizer has one candidate.
  public let selector: BitSelector?
  /// Everything else a run depends on.
  public let configuration: Configuration
  /// How work is executed; it does not change results' bits but for the instruction set and
  /// backend.
  public let context: ExecutionContext

  /// Makes a trainer.
  public init(
    teacher: Network, quantizer: Quantizer, selector: BitSelector? = nil,
    configuration: Configuration = .init(), context: ExecutionContext = .default
  ) {
    self.teacher = teacher
    self.quantizer = quantizer
    self.selector = selector
    self.configuration = configuration
    self.context = context
  }

  /// Trains a student on synthetic images.
  ///
  /// With `checkpoint`, the run's state is written there every `checkpointInterval` steps and a run
  /// that finds the file goes on from it to the same bits. Throws `QuantizationError` for bits or a
  /// budget that cannot be, `TrainingError` for images or a checkpoint that do not fit,
  /// `NetworkError.lossNotFinite`, and `InterchangeError` for files.
  public func train(
    on images: SyntheticImages, checkpoint: String? = nil,
    progress: ((TrainingProgress) throws -> Void)? = nil
  ) throws -> QuantizedNetwork {
    try configuration.check()
    try check(images)
    let (training, heldOut) = try split(images)
    var state = try resumed(checkpoint, images: images) ?? start(training)
    try checkBudget(state.student)

    let run = StudentRunner(trainer: self, images: training, student: state.student)
    let watcher = try HeldOutWatcher(self, heldOut)
    while state.step < configuration.steps {
      var report = try run.step(&state)
      if state.step % configuration.checkpointInterval == 0 || state.step == configuration.steps {
        report.heldOutAgreement = try watcher?.agreement(of: state.student)
        if let checkpoint {
          try StudentCheckpoint(state: state, fingerprint: fingerprint(images)).write(
            to: checkpoint)
        }
      }
      try progress?(report)
    }
    try state.student.fitSelector(on: training.images, context: context)
    try meetBudget(&state.student, images: training.images)
    return state.student
  }

  /// A student with calibrated ranges and no training: what post-training quantization gives.
  public func calibrate(on images: SyntheticImages) throws -> QuantizedNetwork {
    try configuration.check()
    try check(images)
    var student = try start(split(images).training).student
    try student.fitSelector(on: images.images, context: context)
    try meetBudget(&student, images: images.images)
    return student
  }

  private func start(_ images: SyntheticImages) throws -> StudentState {
    var student = try QuantizedNetwork(
      network: teacher, quantizer: quantizer, selector: selector, seed: configuration.seed)
    let count = images.images.rowCount
    let batches = stride(from: 0, to: count, by: 128).map {
      images.images.rows($0..<min($0 + 128, count))
    }
    try student.calibrate(batches: batches, context: context)
    return StudentState(student, configuration: configuration)
  }

  private func check(_ images: SyntheticImages) throws {
    guard images.count > 0 else { throw QuantizationError.noImages(what: "training") }
    guard images.images.rowShape == teacher.imageShape else {
      throw TrainingError.imagesDoNotFit(
        expected: "images of shape \(teacher.imageShape)", found: "\(images.images.rowShape)")
    }
    guard images.labels.shape[1] == teacher.classCount else {
      throw TrainingError.imagesDoNotFit(
        expected: "labels over \(teacher.classCount) classes", found: "\(images.labels.shape[1])")
    }
    if let entry = teacher.parameters.firstNotFinite() {
      throw NetworkError.notFinite(
        layer: teacher.graph.nodes[entry.node].name, parameter: entry.name)
    }
  }

  private func split(
    _ images: SyntheticImages
  ) throws -> (training: SyntheticImages, heldOut: SyntheticImages?) {
    let sets = try images.holdOut(share: configuration.holdOut, seed: configuration.seed)
    let isUseful = sets.heldOut.count > 0 && sets.training.count > 0
    return isUseful ? (sets.training, sets.heldOut) : (images, nil)
  }
}
