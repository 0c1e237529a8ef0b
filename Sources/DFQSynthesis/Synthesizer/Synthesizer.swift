import DFQEngine
public import DFQGraph
public import DFQTensor

/// Synthesizes images from noise by any method: the loop over pixels that all methods share.
///
/// ```swift
/// let images = try Synthesizer(teacher: network, method: SoftLabelMethod()).synthesize()
/// ```
///
/// ``SoftLabelSynthesizer`` is the same with the settings of ``SoftLabelMethod`` in one place.
public struct Synthesizer: Sendable {
  /// The full-precision network, which is all that is known.
  public let teacher: Network
  /// The method.
  public let method: any SynthesisMethod
  /// The settings of the run that do not depend on the method.
  public let configuration: Configuration
  /// How work is executed.
  public let context: ExecutionContext

  /// Makes a synthesizer.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``, `NetworkError.notFinite` for
  ///   damaged weights, and what the method's check throws.
  public init(
    teacher: Network, method: any SynthesisMethod, configuration: Configuration = .init(),
    context: ExecutionContext = .default
  ) throws {
    try configuration.check()
    try configuration.check(teacher)
    if let entry = teacher.parameters.firstNotFinite() {
      throw NetworkError.notFinite(
        layer: teacher.graph.nodes[entry.node].name, parameter: entry.name)
    }
    try method.check(teacher)
    self.teacher = teacher
    self.method = method
    self.configuration = configuration
    self.context = context
  }

  /// Synthesizes all images.
  ///
  /// With `checkpoint`, a folder, each finished batch is stored there, and a run that finds it
  /// continues from it to the same bits. Where images are dropped, fewer than `count` are returned;
  /// `droppedCount` is their number.
  ///
  /// - Throws: `NetworkError.lossNotFinite`; `InterchangeError` for files;
  ///   ``SynthesisError/otherRun(path:setting:expected:found:)`` for batches of another run;
  ///   ``SynthesisError/allDropped(count:)`` where no image is left; `CancellationError`; and what
  ///   the method and `progress` throw.
  public func synthesize(
    checkpoint folder: String? = nil, progress: ((SynthesisProgress) throws -> Void)? = nil
  ) throws -> SyntheticImages {
    try synthesize(with: method, checkpoint: folder, progress: progress)
  }

  /// Synthesizes one batch: the same images as in `synthesize(checkpoint:progress:)`.
  ///
  /// - Throws: The same, and ``SynthesisError/badConfiguration(what:found:)`` for a batch outside of
  ///   `0..<configuration.batchCount`. It does not throw where all images are dropped.
  public func images(ofBatch index: Int) throws -> SyntheticImages {
    guard (0..<configuration.batchCount).contains(index) else {
      throw SynthesisError.badConfiguration(
        what: "a batch in 0..<\(configuration.batchCount)", found: "\(index)")
    }
    return try images(ofBatch: index, with: method)
  }

  private func synthesize<Method: SynthesisMethod>(
    with method: Method, checkpoint folder: String?,
    progress: ((SynthesisProgress) throws -> Void)?
  ) throws -> SyntheticImages {
    let run = try SynthesisRun(self, method)
    var batches: [SyntheticImages] = []
    for index in 0..<configuration.batchCount {
      let kept = folder.map { SynthesisCheckpoint($0, index, run.provenance) }
      if let images = try kept?.read() {
        batches.append(images)
        continue
      }
      let images = try run.images(ofBatch: index, finished: batches, progress: progress)
      try kept?.write(images)
      batches.append(images)
    }
    return try whole(batches)
  }

  /// The set of all batches, of which some image must be left.
  func whole(_ batches: [SyntheticImages]) throws -> SyntheticImages {
    let images = try SyntheticImages.concatenating(batches)
    guard images.count > 0 else { throw SynthesisError.allDropped(count: images.droppedCount) }
    return images.recordingDropped()
  }

  private func images<Method: SynthesisMethod>(
    ofBatch index: Int, with method: Method
  ) throws -> SyntheticImages {
    let run = try SynthesisRun(self, method)
    var finished: [SyntheticImages] = []
    if method.needsFinishedBatches {
      for earlier in 0..<index {
        finished.append(try run.images(ofBatch: earlier, finished: finished))
      }
    }
    return try run.images(ofBatch: index, finished: finished).recordingDropped()
  }

  /// What names a run: architecture, teacher, method, settings and the execution that decides bits.
  func provenance() throws -> [String: String] {
    func identity<Method: SynthesisMethod>(_ method: Method) throws -> String {
      try method.identity
    }
    return [
      "arch": teacher.architecture, "configuration": try Fingerprint.json(configuration),
      "execution": Fingerprint.execution(context), "method": try identity(method),
      "seed": "\(configuration.seed)",
      "teacher": Fingerprint.digest(teacher.parameters.values),
    ]
  }
}
