public import DFQEngine
public import DFQGraph
public import DFQTensor

/// Decides which labels images are synthesized towards; conform to it to try an idea of your own.
///
/// A strategy is a value that holds its settings. A checkpoint compares strategies by their
/// ``kind`` and their encoded settings, so everything that changes the labels must be encoded.
public protocol LabelStrategy: CataloguedMethod, Hashable, Codable {
  /// The strategy's name in files, such as `one-hot`; it must not be another strategy's.
  static var kind: String { get }

  /// Checks the settings.
  ///
  /// The default accepts everything.
  func check() throws

  /// The strategy with everything that it must compute once from a network, before the first labels of
  /// a run are drawn; it is not what a checkpoint compares.
  ///
  /// `seed` and `context` are the run's. The default is the strategy as it is.
  func prepared(for network: Network, seed: UInt64, context: ExecutionContext) throws -> Self

  /// Draws labels for `count` images; the same stream must give the same labels.
  func labels(count: Int, network: Network, stream: inout RandomStream) throws -> LabelBatch

  /// The labels of a batch while its images are synthesized.
  ///
  /// The default draws ``labels(count:network:stream:)`` once and keeps them. A strategy whose
  /// labels learn returns targets of its own.
  func targets(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> any LabelTargets
}

extension LabelStrategy {
  /// Accepts everything.
  public func check() throws {}

  /// The strategy as it is.
  public func prepared(
    for network: Network, seed: UInt64, context: ExecutionContext
  ) throws -> Self { self }

  /// Labels that stay as they are drawn.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for labels that do not fit the
  ///   network.
  public func targets(
    count: Int, network: Network, stream: inout RandomStream
  ) throws -> any LabelTargets {
    let batch = try labels(count: count, network: network, stream: &stream)
    try batch.check(
      count: count, classes: network.classCount, source: "label strategy \(Self.kind)")
    return FixedLabels(batch)
  }

  /// The kind and the settings as JSON with sorted keys: equal strategies have equal identities.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for settings that JSON cannot hold.
  public var identity: String {
    get throws { try Fingerprint.json(CodedLabelStrategy(self)) }
  }
}
