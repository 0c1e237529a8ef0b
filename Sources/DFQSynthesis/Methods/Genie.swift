public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Images of a generator that learns for one batch only, together with the batch's latent vectors (Jeon et al., "Genie:
/// Show Me the Data for Quantization", CVPR 2023).
///
/// The loss is the distance of the batch's means and standard deviations from those of batch norm
/// (``DeviationStatistics``), and that of each image's from 0 and 1. In front of convolutions with a stride the teacher's
/// maps swing: a random shift in every step (``Swing``). There are no labels; images are stored with the
/// teacher's predictions.
///
/// The run's learning rate is that of the latent vectors.
public struct Genie: SynthesisMethod, Hashable {
  /// The method's name in files.
  public static let kind = "genie"

  /// What the catalogue says of the method.
  public static let summary = MethodSummary(
    "Images of a generator that learns with its latent vectors, batch by batch; strides swing.",
    cost: 1.84,
    reference: .init("Jeon et al.", "Genie: Show Me the Data for Quantization", "CVPR", 2023),
    formula: "min over z, G of sum over layers of mean (mu(G(z)) - mu)^2 + (sigma(G(z)) - sigma)^2",
    page: "Genie",
    notes: ["learningRate is that of the latent vectors, generatorRate the generator's."])

  /// The published run, or the amounts of ``SoftLabelMethod`` with the published rate.
  public static func work(_ preset: WorkPreset) -> Synthesizer.Configuration {
    preset == .full ? publishedRun : run(like: preset.synthesis.run)
  }

  /// The elements of a latent vector.
  public var latentLength: Int
  /// The channels of the generator's first map; the second has half as many.
  public var channels: Int
  /// Adam's rate on the generator's parameters.
  public var generatorRate: Float
  /// The factor of that rate after every 100 steps.
  public var generatorDecay: Float
  /// Whether maps in front of convolutions with a stride are shifted.
  public var swings: Bool

  /// Makes the method; the defaults are those of the official code.
  public init(
    latentLength: Int = 256, channels: Int = 128, generatorRate: Float = 0.01,
    generatorDecay: Float = 0.95, swings: Bool = true
  ) {
    self.latentLength = latentLength
    self.channels = channels
    self.generatorRate = generatorRate
    self.generatorDecay = generatorDecay
    self.swings = swings
  }

  /// The published run: 1024 images in batches of 128, 4,000 steps of 0.1.
  public static let publishedRun = run(
    like: .init(count: 1024, imagesPerBatch: 128, steps: 4000, patience: 100))

  /// The settings of a run with the amounts of another, that neither crops nor drops an image.
  public static func run(like other: Synthesizer.Configuration) -> Synthesizer.Configuration {
    var run = ZeroQ.run(like: other)
    run.learningRate = 0.1
    return run
  }

  /// Checks the settings, and that the network has batch norm, finite weights and images that the generator can make.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` and `NetworkError`.
  public func check(_ network: Network) throws {
    func demand(_ holds: Bool, _ what: String, _ found: String) throws {
      if !holds { throw SynthesisError.badConfiguration(what: what, found: found) }
    }
    try demand(
      (1...1 << 16).contains(latentLength), "latent vectors of 1 to 65536 elements",
      "\(latentLength)")
    try demand(
      (2...1 << 16).contains(channels) && channels % 2 == 0,
      "an even number of generator channels in 2...65536", "\(channels)")
    try Self.demandNotNegative([(generatorRate, "a rate of the generator")])
    try demand((0...1).contains(generatorDecay), "a decay in 0...1", "\(generatorDecay)")
    try network.checkTeacher()
    _ = try graph(network)
    if swings { _ = try SwingingNetwork(network) }
  }

  private func graph(_ network: Network) throws -> Graph {
    try .latentGenerator(
      latentLength: latentLength, imageShape: network.imageShape, channels: channels)
  }

  /// What a batch of Genie is synthesized towards: statistics of a network that swings.
  public struct Targets: SynthesisTargets {
    let swinging: SwingingNetwork?
    let objectives: NetworkObjectives

    /// All losses are those of the network that swings.
    public var readsLogits: Bool { false }
  }

  /// The losses on statistics, without labels.
  public func targets(_ batch: SynthesisBatch, stream: inout RandomStream) throws -> Targets {
    let swinging = swings ? try SwingingNetwork(batch.network) : nil
    let network = swinging?.network ?? batch.network
    return Targets(
      swinging: swinging,
      objectives: try NetworkObjectives(
        network, inputsOf: batch.network, moments: network.deviationStatistics(),
        name: "BN statistics", context: batch.context))
  }

  /// The losses on statistics, behind the step's shifts.
  public func objectives(
    step: Int, targets: Targets, batch: SynthesisBatch
  ) -> SynthesisObjectives {
    var objectives = targets.objectives
    var stream = RandomStream(seed: batch.configuration.seed, "swing", batch.index, step)
    objectives.parameters = targets.swinging?.parameters(stream: &stream)
    return SynthesisObjectives(pixels: [objectives])
  }

  /// A new generator and standard normal vectors.
  public func imageParameters(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageParameters)? {
    let graph = try graph(batch.network)
    let generator = try Network(
      architecture: "generator", graph: graph,
      parameters: ParameterSet(generator: ParameterLayout(graph), seed: stream.next()),
      preprocessing: .unit(channels: 1))
    let latents = Tensor(
      shape: [batch.count, latentLength], elements: stream.normals(batch.count * latentLength))
    return GeneratedImages(
      generator: generator, latents: latents, rate: generatorRate, decay: generatorDecay,
      context: batch.context)
  }

  /// No crops, unless the run asks for them.
  public func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageTransform)? { try Self.cropsOnRequest(batch, &stream) }
}

extension Network {
  /// Genie's losses: ``DeviationStatistics`` at every batch norm, and each image's own at the input.
  ///
  /// - Throws: `NetworkError.missingLayers` where the network has no batch norm.
  func deviationStatistics() throws -> [any MomentObjective] {
    try checkTeacher()
    let layers: [any MomentObjective] = graph.batchNorms.map { position in
      func values(_ role: ParameterLayout.Role) -> [Double] {
        parameters.tensor(node: position, role)!.elements.map(Double.init)
      }
      return DeviationStatistics(
        targetMean: values(.runningMean), targetVariance: values(.runningVariance),
        node: graph.nodes[position].inputs[0])
    }
    let channels = imageShape.dimensions.last!
    let input = BatchNormStatistics(
      targetMean: [Double](repeating: 0, count: channels),
      targetVariance: [Double](repeating: 1, count: channels), comparison: .imageDeviation,
      node: 0, weight: 1)
    return layers + [input]
  }
}
