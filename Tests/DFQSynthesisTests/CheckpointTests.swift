import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

@Suite struct SynthesisCheckpointTests {
  private func synthesizer(
    seed: UInt64 = 3, teacher: UInt64 = 1, labels: any LabelStrategy = SoftLabels(),
    context: ExecutionContext = .default
  ) throws -> SoftLabelSynthesizer {
    try SoftLabelSynthesizer(
      teacher: tinyNetwork(seed: teacher),
      configuration: .init(
        count: 9, imagesPerBatch: 4, steps: 3, labels: labels, dropUnfaithful: false, seed: seed),
      context: context)
  }

  @Test func resumedRunGivesTheSameBits() throws {
    try withDirectory { root in
      let directory = "\(root)/new"
      let whole = try synthesizer().synthesize()
      #expect(try synthesizer().synthesize(checkpoint: directory).images == whole.images)
      try FileManager.default.removeItem(atPath: "\(directory)/batch-1.safetensors")
      let batches = Mutex<Set<Int>>([])
      let resumed = try synthesizer().synthesize(checkpoint: directory) { progress in
        _ = batches.withLock { $0.insert(progress.batch) }
      }
      #expect(batches.withLock { $0 } == [1])
      #expect(resumed.images == whole.images && resumed.labels == whole.labels)
      #expect(resumed.difficulty == whole.difficulty)
      #expect(resumed.provenance == whole.provenance)
    }
  }

  @Test func batchesOfAnotherRunNameWhatDiffers() throws {
    try withDirectory { directory in
      _ = try synthesizer().synthesize(checkpoint: directory)
      let others: [(String, SoftLabelSynthesizer)] = [
        ("configuration.seed", try synthesizer(seed: 4)),
        ("teacher", try synthesizer(teacher: 2)),
        ("method.settings.labels.kind", try synthesizer(labels: OneHotLabels())),
        (
          "method.settings.labels.settings.easyShare",
          try synthesizer(labels: SoftLabels(easyShare: 0.25))
        ),
        ("execution", try synthesizer(context: .init(instructionSet: .scalar))),
        ("execution", try synthesizer(context: .init(backend: .blas))),
        ("execution", try synthesizer(context: .init(convolutionAlgorithm: .direct))),
      ]
      for (setting, other) in others {
        do {
          _ = try other.synthesize(checkpoint: directory)
          Issue.record("accepted another \(setting)")
        } catch SynthesisError.otherRun(let path, let found, _, _) {
          #expect(found == setting && path.hasSuffix("batch-0.safetensors"))
        }
      }
    }
  }

  /// Threads don't change bits, so they may differ.
  @Test func otherThreadsResume() throws {
    try withDirectory { directory in
      let one = try synthesizer(context: .init(threads: 1)).synthesize(checkpoint: directory)
      let two = try synthesizer(context: .init(threads: 2)).synthesize(checkpoint: directory) { _ in
        Issue.record("nothing should be synthesized again")
      }
      #expect(one.images == two.images)
    }
  }

  /// A strategy that is a class, and whose instances all have one description.
  final class Shifted: LabelStrategy, CustomStringConvertible {
    static let kind = "shifted"
    let shift: Int
    var description: String { "shifted" }
    init(shift: Int) { self.shift = shift }
    static func == (first: Shifted, second: Shifted) -> Bool { first.shift == second.shift }
    func hash(into hasher: inout Hasher) { hasher.combine(shift) }

    func labels(
      count: Int, network: Network, stream: inout RandomStream
    ) throws -> LabelBatch {
      let anchors = (0..<count).map { ($0 + shift) % network.classCount }
      return LabelBatch(
        labels: try .oneHot(anchors, classCount: network.classCount),
        isEasy: [Bool](repeating: true, count: count), anchors: anchors,
        supports: anchors.map { [$0] })
    }
  }

  @Test func strategiesAreTheirSettings() throws {
    try withDirectory { directory in
      _ = try synthesizer(labels: Shifted(shift: 1)).synthesize(checkpoint: directory)
      // The same settings in another instance.
      _ = try synthesizer(labels: Shifted(shift: 1)).synthesize(checkpoint: directory) { _ in
        Issue.record("nothing should be synthesized again")
      }
      do {
        _ = try synthesizer(labels: Shifted(shift: 2)).synthesize(checkpoint: directory)
        Issue.record("took the images of other labels")
      } catch SynthesisError.otherRun(_, let setting, let expected, let found) {
        #expect(setting == "method.settings.labels.settings.shift")
        #expect(expected == "2" && found == "1")
      }
    }
    #expect(
      try Shifted(shift: 1).identity == #"{"kind":"shifted","settings":{"shift":1}}"#)
  }

  @Test func settingsThatCannotBeWritten() throws {
    struct Fractional: LabelStrategy {
      static let kind = "fractional"
      var value: Float
      func labels(
        count: Int, network: Network, stream: inout RandomStream
      ) throws -> LabelBatch {
        try OneHotLabels().labels(count: count, network: network, stream: &stream)
      }
    }
    #expect(throws: SynthesisError.self) {
      try synthesizer(labels: Fractional(value: .nan)).synthesize()
    }
  }

  /// Every tensor of a batch is covered by its checksum.
  @Test func flippedBitsAreNoticed() throws {
    try withDirectory { directory in
      _ = try synthesizer().synthesize(checkpoint: directory)
      let path = "\(directory)/batch-0.safetensors"
      let good = try Data(contentsOf: URL(fileURLWithPath: path))
      // The lowest bit of the last byte (an image's label or its ease) and of a pixel.
      for place in [good.count - 1, good.count / 2] {
        var bytes = good
        bytes[place] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: SynthesisError.self) {
          try synthesizer().synthesize(checkpoint: directory)
        }
      }
      try good.write(to: URL(fileURLWithPath: path))
      _ = try synthesizer().synthesize(checkpoint: directory)
      // A file without a checksum is a set, but not a batch of a run.
      var file = try SafetensorsFile(contentsOf: path)
      file.metadata["checksum"] = nil
      try file.write(to: path)
      _ = try SyntheticImages(contentsOf: path)
      #expect(throws: SynthesisError.self) { try synthesizer().synthesize(checkpoint: directory) }
    }
  }

  @Test func damagedBatches() throws {
    try withDirectory { directory in
      _ = try synthesizer().synthesize(checkpoint: directory)
      // A batch under another batch's name.
      try FileManager.default.removeItem(atPath: "\(directory)/batch-0.safetensors")
      try FileManager.default.copyItem(
        atPath: "\(directory)/batch-1.safetensors", toPath: "\(directory)/batch-0.safetensors")
      #expect(throws: SynthesisError.self) {
        try synthesizer().synthesize(checkpoint: directory)
      }
      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(directory)/batch-0.safetensors"))
      #expect(throws: InterchangeError.self) {
        try synthesizer().synthesize(checkpoint: directory)
      }
    }
  }
}
