import DFQEngine
public import DFQGraph
public import DFQTensor

/// A generator as a source of images: it is warmed up on the teacher alone and learns on while the
/// student is trained.
///
/// ```swift
/// let source = try GeneratorSource(teacher: network, method: GDFQ())
/// let student = try trainer.train(on: source)
/// ```
///
/// Every step has new images. They are made with the weights before the step, the student learns from
/// them, and then the generator does. The warm-up happens in the first batch, or in
/// ``warmUp(progress:)``. A batch depends on the step, the seed and the state alone.
public struct GeneratorSource: ImageSource {
  /// The full-precision network, which is all that is known.
  public let teacher: Network
  /// How latent vectors are made and what the generator learns from.
  public let method: any GeneratorMethod
  /// Everything else the generator depends on.
  public let configuration: Configuration
  /// How work is executed.
  public let context: ExecutionContext
  /// Method, settings, teacher and, where it is not new, the state it began with.
  public let identity: String
  let executors: GeneratorExecutors
  var weights: GeneratorWeights
  /// The method as it computes; nil before its first loss.
  private var prepared: (any GeneratorMethod)?
  /// What the last batch was made from.
  private var drawn: (step: Int, latents: LatentBatch)?

  /// Makes a generator with new weights, or with a state that an equal one has reached.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``; ``SynthesisError/badImages(source:expected:found:)``
  ///   for a state of another generator; `NetworkError` for a teacher that the method cannot use.
  public init(
    teacher: Network, method: any GeneratorMethod, configuration: Configuration = .init(),
    state: [String: Tensor]? = nil, context: ExecutionContext = .default
  ) throws {
    try configuration.check()
    try method.check(teacher)
    self.teacher = teacher
    self.method = method
    self.configuration = configuration
    self.context = context
    let embedding = try method.embedding(for: teacher, seed: configuration.seed)
    let graph = try Graph.generator(
      latentLength: embedding.shape[1], imageShape: teacher.imageShape,
      channels: configuration.channels, mapping: method.mapping,
      normEpsilon: configuration.normEpsilon)
    let generator = try Network(
      architecture: "generator", graph: graph,
      parameters: ParameterSet(
        generator: ParameterLayout(graph), seed: configuration.seed),
      preprocessing: .unit(channels: 1))
    executors = GeneratorExecutors(generator: generator, teacher: teacher, context: context)
    weights = GeneratorWeights(embedding: embedding, network: generator)
    var identity = try Self.name(method, configuration, teacher)
    if let state {
      try Self.check(state, like: weights.state)
      weights.state = state
      identity += " state " + Self.digest(state)
    }
    self.identity = identity
  }

  /// The shape of one image, H W C.
  public var imageShape: Shape { teacher.imageShape }
  /// The number of classes C.
  public var classCount: Int { teacher.classCount }
  /// The multiply-accumulate operations that a step of the warm-up needs for an image: the generator's forward pass and its
  /// gradients at inputs and weights, the teacher's forward pass and its gradient at the image.
  public var macsPerImage: Int { 3 * executors.generator.macs + 2 * teacher.graph.macs }
  /// The steps that the generator has taken, those of the warm-up included.
  public var stepsDone: Int { weights.steps }

  /// The weights, Adam's moments and the number of steps.
  public var state: [String: Tensor] {
    get { weights.state }
    set { weights.state = newValue }
  }

  /// Generates the images of a step, after the warm-up where it has not been done.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for a count below 1, and what
  ///   ``warmUp(progress:)`` throws.
  public mutating func batch(step: Int, count: Int, seed: UInt64) throws -> SyntheticBatch {
    guard (1...SyntheticImages.countLimit).contains(count) else {
      throw SynthesisError.badConfiguration(
        what: "a batch in 1...\(SyntheticImages.countLimit)", found: "\(count)")
    }
    try warmUp()
    var stream = RandomStream(seed: seed, "generator", step)
    let latents = draw(count, &stream)
    drawn = (step, latents)
    return try generate(latents)
  }

  /// Lets the generator learn from the images of its last batch.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for the feedback of another step;
  ///   `NetworkError.lossNotFinite`.
  public mutating func learn(_ feedback: SourceFeedback) throws {
    guard let drawn, drawn.step == feedback.step, drawn.latents.count == feedback.batch.count
    else {
      throw SynthesisError.badImages(
        source: "a generator's feedback", expected: "the last batch, of step \(drawn?.step ?? -1)",
        found: "step \(feedback.step)")
    }
    _ = try learn(drawn.latents, feedback.batch, feedback)
  }

  func draw(_ count: Int, _ stream: inout RandomStream) -> LatentBatch {
    method.draw(
      count: count, classCount: classCount, length: weights.embedding.shape[1], stream: &stream)
  }

  /// The images and labels of latent vectors.
  func generate(_ latents: LatentBatch) throws -> SyntheticBatch {
    SyntheticBatch(
      inputs: try executors.generator.images(
        method.latents(latents, embedding: weights.embedding), parameters: weights.parameters),
      labels: latents.labels(classCount: classCount), isEasy: latents.isEasy)
  }

  /// The method with what it computes once: not where a source is made, because many never take a step.
  private mutating func preparedMethod() throws -> any GeneratorMethod {
    if let prepared { return prepared }
    let made = try method.prepared(
      for: teacher, seed: configuration.seed, context: context)
    prepared = made
    return made
  }

  /// Takes one step on images that were made from latent vectors.
  mutating func learn(
    _ latents: LatentBatch, _ batch: SyntheticBatch, _ feedback: SourceFeedback?
  ) throws -> GeneratorLoss {
    let prepared = try preparedMethod()
    let loss = try executors.withTeacher {
      try prepared.loss(batch, teacher: $0, feedback: feedback)
    }
    guard loss.total.isFinite else {
      throw NetworkError.lossNotFinite(
        what: "generator training", step: stepsDone, value: "\(loss.total)")
    }
    let embedding = weights.embedding
    let gradients = try executors.generator.gradients(
      method.latents(latents, embedding: embedding), parameters: weights.parameters,
      images: loss.gradient)
    try weights.step(
      embedding: method.embeddingGradient(gradients.latents, latents, embedding: embedding),
      parameters: gradients.parameters, rate: configuration.rate(step: stepsDone),
      context: context)
    return loss
  }
}
