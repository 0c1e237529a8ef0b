import DFQEngine
public import DFQGraph
public import DFQTensor
import Foundation

/// Synthesizes images from noise until the teacher's batch-norm statistics match and its output
/// matches their labels (methods.md 2.1.6, steps 1 and 2).
public struct SoftLabelSynthesizer: Sendable {
  /// The full-precision network P: all that is known.
  public let teacher: Network
  /// Everything else a run depends on.
  public let configuration: Configuration
  /// Which labels images are synthesized towards.
  public let strategy: any LabelStrategy
  /// How work is executed.
  public let context: ExecutionContext

  /// Makes a synthesizer, with an own label strategy in place of the configuration's if one is
  /// given.
  ///
  /// Throws `SynthesisError.badConfiguration`, `NetworkError.missingLayers` for a teacher without
  /// batch norm, and `NetworkError.notFinite` for damaged weights.
  public init(
    teacher: Network, labels: (any LabelStrategy)? = nil, configuration: Configuration = .init(),
    context: ExecutionContext = .default
  ) throws {
    try configuration.check()
    try teacher.checkTeacher()
    self.teacher = teacher
    self.configuration = configuration
    strategy = labels ?? configuration.strategy
    self.context = context
  }

  /// The number of batches.
  public var batchCount: Int {
    (configuration.count + configuration.batch - 1) / configuration.batch
  }

  /// Synthesizes all images.
  ///
  /// With `checkpoint`, a directory, each finished batch is kept there and a run that finds it goes
  /// on from it to the same bits. Throws `NetworkError.lossNotFinite`, `InterchangeError` for
  /// files, `SynthesisError.badImages` for batches of another run, and what the label strategy
  /// throws. Where images are dropped fewer than `count` come back; `droppedCount` says how many.
  public func synthesize(
    checkpoint directory: String? = nil, progress: ((SynthesisProgress) -> Void)? = nil
  ) throws -> SyntheticImages {
    let run = try SynthesisRun(self)
    var batches: [SyntheticImages] = []
    for batch in 0..<batchCount {
      if let directory, let kept = try SynthesisCheckpoint(directory, batch).read(provenance) {
        batches.append(kept)
        continue
      }
      let images = try run.batch(batch, progress: progress)
      if let directory { try SynthesisCheckpoint(directory, batch).write(images) }
      batches.append(images)
    }
    return try SyntheticImages.concatenating(batches).recordingDropped()
  }

  /// Synthesizes one batch on its own: the same images as in `synthesize`.
  ///
  /// Throws the same, and `SynthesisError.badConfiguration` for a batch outside
  /// `0..<batchCount`.
  public func batch(_ index: Int) throws -> SyntheticImages {
    guard (0..<batchCount).contains(index) else {
      throw SynthesisError.badConfiguration(
        what: "a batch in 0..<\(batchCount)", found: "\(index)")
    }
    return try SynthesisRun(self).batch(index, progress: nil).recordingDropped()
  }

  /// What names a run: a checkpoint of another teacher, configuration or strategy is not taken.
  var provenance: [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let settings = (try? encoder.encode(configuration)).map { String(decoding: $0, as: UTF8.self) }
    return [
      "arch": teacher.architecture, "configuration": settings ?? "",
      "seed": "\(configuration.seed)", "labels": "\(strategy)",
      "teacher": Fingerprint.digest(teacher.parameters.values),
    ]
  }
}
