public import DFQEngine
public import DFQGraph
public import DFQTensor

/// How images are synthesized from a network: their targets and the objectives of each step.
///
/// A method is a value that holds its settings; ``Synthesizer`` does everything else: noise, Adam,
/// the plateau schedule, augmentation, clamping, the filter of unfaithful images, progress, checks
/// and checkpoints. Conform to the protocol in one file to add a method.
///
/// A checkpoint compares methods by their ``kind`` and their encoded settings, so everything that
/// changes the images must be encoded.
///
/// A method of this package also has a `summary`, its published amount of ``work(_:)`` and a line in
/// `MethodCatalogue.synthesis`; recipes, the tool and the tests then know it.
public protocol SynthesisMethod: CataloguedMethod, Codable {
  /// What a batch is synthesized towards.
  associatedtype Targets: SynthesisTargets

  /// The method's name in files, such as `zeroq`; it must not be another method's.
  static var kind: String { get }

  /// The settings of a run by a preset: the published amount of work and less.
  ///
  /// The default has the amounts of ``SoftLabelMethod``.
  static func work(_ preset: WorkPreset) -> Synthesizer.Configuration

  /// Checks the settings, and whether the network has what the method needs.
  ///
  /// The default accepts everything.
  func check(_ network: Network) throws

  /// The method with everything that it must compute once from a network, before the first batch of a
  /// run; it is not what a checkpoint compares.
  ///
  /// The default is the method as it is.
  func prepared(
    for network: Network, configuration: Synthesizer.Configuration, context: ExecutionContext
  ) throws -> Self

  /// Draws the targets of a batch; the same stream must give the same targets.
  func targets(_ batch: SynthesisBatch, stream: inout RandomStream) throws -> Targets

  /// The objectives of a step, from 0.
  func objectives(
    step: Int, targets: Targets, batch: SynthesisBatch
  ) throws -> SynthesisObjectives

  /// Whether ``SynthesisBatch/finished`` is needed: images of a batch then depend on those before.
  ///
  /// The default is false.
  var needsFinishedBatches: Bool { get }

  /// The images before the first step, of the shape of the batch.
  ///
  /// The default is standard normal noise.
  func startingImages(_ batch: SynthesisBatch, stream: inout RandomStream) throws -> Tensor

  /// What the images of a batch are made from, and what learns; nil, the default, for their pixels, from
  /// ``startingImages(_:stream:)``.
  func imageParameters(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageParameters)?

  /// The transform of the images in a step, or nil for none; the objectives see the transformed
  /// images.
  ///
  /// The default crops and flips by the configuration's rule.
  func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageTransform)?

  /// Whether a finished image is kept, where the configuration drops unfaithful images.
  ///
  /// The default keeps images that the teacher places inside of their label's support.
  func keeps(prediction: Int, support: [Int], difficulty: Difficulty) -> Bool
}

extension SynthesisMethod {
  /// The amounts of ``SoftLabelMethod``.
  public static func work(_ preset: WorkPreset) -> Synthesizer.Configuration {
    preset.synthesis.run
  }

  /// Accepts everything.
  public func check(_ network: Network) throws {}

  /// The method as it is.
  public func prepared(
    for network: Network, configuration: Synthesizer.Configuration, context: ExecutionContext
  ) throws -> Self { self }

  /// A batch does not depend on the batches before.
  public var needsFinishedBatches: Bool { false }

  /// Standard normal noise.
  public func startingImages(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> Tensor {
    Tensor(shape: batch.shape, elements: stream.normals(batch.shape.count))
  }

  /// The pixels.
  public func imageParameters(
    _ batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageParameters)? { nil }

  /// Crops and flips by the configuration's rule.
  public func transform(
    step: Int, batch: SynthesisBatch, stream: inout RandomStream
  ) throws -> (any ImageTransform)? {
    try batch.configuration.augmentation.draw(batch: batch.shape, stream: &stream)
  }

  /// Keeps images that the teacher places inside of their label's support.
  public func keeps(prediction: Int, support: [Int], difficulty: Difficulty) -> Bool {
    support.contains(prediction)
  }

  /// The kind and the settings as JSON with sorted keys: equal methods have equal identities.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for settings that JSON cannot hold.
  public var identity: String {
    get throws { try Fingerprint.json(KindAndSettings(kind: Self.kind, settings: self)) }
  }
}

/// A value with its kind, as it is written in files.
struct KindAndSettings<Settings: Encodable>: Encodable {
  let kind: String
  let settings: Settings
}
