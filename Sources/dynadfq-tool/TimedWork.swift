import ArgumentParser
import DFQExperiments
import DynaDFQ

/// One kind of work on one network and batch, step by step: the loops users run, without data
/// loading.
struct TimedWork {
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    /// A step of image synthesis: BN statistics loss and soft labels, Adam on the images.
    case synthesis
    /// A step of the static W4A4 student: teacher, student forward and backward, all updates.
    case student
    /// The same with three candidates (3, 4, 5 bits) and a selector per layer, under a budget.
    case studentDynamic = "student-dynamic"
    /// The static W4A4 student's logits, as evaluation asks for them.
    case studentInfer = "student-infer"
    /// A step of the teacher's own training: batch statistics, cross entropy, SGD.
    case train
    /// The float network's logits.
    case infer
  }

  let kind: Kind
  /// With `synthesis` the method, with `student` what is added to the training.
  ///
  /// nil for soft labels and for nothing.
  let method: String?
  let network: Network
  let batch: Int
  let seed: UInt64
  let context: ExecutionContext

  /// Takes so many steps and calls `mark` after each.
  func run(steps: Int, mark: @escaping () -> Void) throws {
    switch kind {
    case .synthesis: try synthesize(steps, mark)
    case .student: try trainStudent(bits: [4], budget: nil, steps, mark)
    case .studentDynamic: try trainStudent(bits: [3, 4, 5], budget: 4, steps, mark)
    case .studentInfer: try inferStudent(steps, mark)
    case .train: try trainTeacher(steps, mark)
    case .infer: try infer(steps, mark)
    }
  }

  /// The bytes of the executor that does the work; nil for students, which have two or are quantized.
  func executorBytes() throws -> Int? {
    var request = PassRequest()
    switch kind {
    case .student, .studentDynamic, .studentInfer: return nil
    case .synthesis:
      request.momentObjectives = try network.batchNormStatistics()
      request.imageGradient = true
    case .train:
      request.mode = .training
      request.parameterGradient = true
    case .infer: request.outputs = [network.graph.output]
    }
    return FloatExecutor.bytes(network, batch: batch, request: request, context: context)
  }

  private func synthesize(_ steps: Int, _ mark: @escaping () -> Void) throws {
    switch try SynthesisOptions.settings(method ?? SoftLabelMethod.kind, [], .demo, seed: seed) {
    case .synthesis(let method, var run):
      run.count = batch
      run.imagesPerBatch = batch
      run.steps = steps
      run.dropUnfaithful = false
      if run.augmentation == .automatic { run.augmentation = .never }
      _ = try Synthesizer(
        teacher: network, method: method, configuration: run, context: context
      ).synthesize { _ in mark() }
    case .generator(let method, var configuration):
      configuration.imagesPerStep = batch
      configuration.warmUpSteps = steps
      var source = try GeneratorSource(
        teacher: network, method: method, configuration: configuration, context: context)
      try source.warmUp { _ in mark() }
    case .noise: throw ToolError.usage("--method noise has no steps")
    }
  }

  /// The trainer's own loop on a fixed batch; its rates are tiny, because random weights would let
  /// the loss diverge and time does not depend on them.
  private func trainStudent(
    bits: [Int], budget: Double?, _ steps: Int, _ mark: @escaping () -> Void
  ) throws {
    var configuration = DynamicTrainer.Configuration(
      budget: budget, steps: steps, imagesPerStep: batch, learningRate: 1e-7, warmup: 0,
      mixup: .none,
      augmentation: false, holdOut: 0, checkpointInterval: .max, seed: seed)
    var objectives: [any StudentObjective] = .standard
    var updates: [any UpdateRule] = []
    if let method {
      try TimedWork.add(method, to: &objectives, &updates, &configuration)
    }
    let trainer = DynamicTrainer(
      teacher: network, quantizer: Quantizer(weightBits: 4, activationBits: bits),
      selector: BitSelector(.perLayer), objectives: objectives, updates: updates,
      configuration: configuration, context: context)
    let images = try SyntheticImages.noise(count: batch, for: network, seed: seed)
    _ = try trainer.train(on: images) { _ in mark() }
  }

  /// Adds a loss, or what is done to batches or gradients in every step, by its name.
  static func add(
    _ method: String, to objectives: inout [any StudentObjective],
    _ updates: inout [any UpdateRule], _ configuration: inout DynamicTrainer.Configuration
  ) throws {
    if let objective = MethodCatalogue.objectives.first(where: { type(of: $0).isCalled(method) }) {
      if !objectives.contains(where: { type(of: $0).kind == type(of: objective).kind }) {
        objectives.append(objective)
      }
    } else if let update = MethodCatalogue.updates.first(where: {
      type(of: $0).isCalled(method)
    }) {
      updates.append(update)
    } else if Mixup.isCalled(method) {
      configuration.mixup = Mixup(.all)
    } else if Perturbation.isCalled(method) {
      configuration.perturbation = Perturbation()
    } else {
      throw ToolError.usage("--method \(method) is no method of training; see dynadfq methods")
    }
  }

  /// A step of `TeacherTrainer` on a fixed batch.
  private func trainTeacher(_ steps: Int, _ mark: () -> Void) throws {
    let session = try TeacherSession(network, context: context)
    let images = RandomData.images(batch, for: network, seed: seed)
    let labels = try RandomData.labels(batch, for: network, seed: seed)
    for _ in 0..<steps {
      try session.step(images: images, labels: labels, learningRate: 1e-3)
      mark()
    }
  }

  private func infer(_ steps: Int, _ mark: () -> Void) throws {
    let executor = FloatExecutor(network, context: context)
    let images = RandomData.images(batch, for: network, seed: seed)
    let request = PassRequest(outputs: [network.graph.output])
    for _ in 0..<steps {
      _ = try executor.run(images, request: request)
      mark()
    }
  }

  private func inferStudent(_ steps: Int, _ mark: () -> Void) throws {
    let images = RandomData.images(batch, for: network, seed: seed)
    var student = try QuantizedNetwork(
      network: network, quantizer: Quantizer(weightBits: 4, activationBits: [4]), seed: seed)
    try student.calibrate(batches: [images], context: context)
    let classifier = StudentClassifier(student, context: context)
    for _ in 0..<steps {
      _ = try classifier.logits(ofInputs: images)
      mark()
    }
  }
}
