import DFQEngine
public import DFQGraph
public import DFQTensor

/// Synthesizes images from noise until the teacher's batch-norm statistics match and its output
/// matches their labels.
///
/// It is ``Synthesizer`` with ``SoftLabelMethod``, and with the settings of both in one place.
public struct SoftLabelSynthesizer: Sendable {
  /// The settings.
  public let configuration: Configuration
  private let synthesizer: Synthesizer

  /// Makes a synthesizer.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.missingLayers` for a
  ///   teacher without batch norm, and `NetworkError.notFinite` for damaged weights.
  public init(
    teacher: Network, configuration: Configuration = .init(),
    context: ExecutionContext = .default
  ) throws {
    self.configuration = configuration
    synthesizer = try Synthesizer(
      teacher: teacher, method: configuration.method, configuration: configuration.run,
      context: context)
  }

  /// The full-precision network, which is all that is known.
  public var teacher: Network { synthesizer.teacher }
  /// How work is executed.
  public var context: ExecutionContext { synthesizer.context }
  /// The number of batches.
  public var batchCount: Int { configuration.run.batchCount }

  /// Synthesizes all images; see ``Synthesizer``.
  ///
  /// With `checkpoint`, a folder, each finished batch is stored there, and a run that finds it
  /// continues from it to the same bits. Where images are dropped, fewer than `count` are returned;
  /// `droppedCount` is their number.
  ///
  /// - Throws: `NetworkError.lossNotFinite`; `InterchangeError` for files;
  ///   ``SynthesisError/otherRun(path:setting:expected:found:)`` for batches of another run;
  ///   ``SynthesisError/allDropped(count:)`` where no image is left; `CancellationError`; and what
  ///   the label strategy and `progress` throw.
  public func synthesize(
    checkpoint folder: String? = nil, progress: ((SynthesisProgress) throws -> Void)? = nil
  ) throws -> SyntheticImages {
    try synthesizer.synthesize(checkpoint: folder, progress: progress)
  }

  /// Synthesizes all images away from the caller's executor.
  ///
  /// Cancelling the calling task ends the run at its next step with `CancellationError`; batches in
  /// the checkpoint stay.
  ///
  /// - Throws: The same as the variant that waits.
  public func synthesize(
    checkpoint folder: String? = nil,
    progress: (@Sendable (SynthesisProgress) throws -> Void)? = nil
  ) async throws -> SyntheticImages {
    try await synthesizer.synthesize(checkpoint: folder, progress: progress)
  }

  /// Synthesizes one batch: the same images as in `synthesize`.
  ///
  /// - Throws: The same, and ``SynthesisError/badConfiguration(what:found:)`` for a batch outside of
  ///   `0..<batchCount`. It does not throw where all images are dropped.
  public func images(ofBatch index: Int) throws -> SyntheticImages {
    try synthesizer.images(ofBatch: index)
  }
}
