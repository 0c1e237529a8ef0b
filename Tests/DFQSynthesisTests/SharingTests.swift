import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Processes that divide the batches of one run through a folder.
@Suite struct SharingTests {
  private static func synthesizer(
    _ method: any SynthesisMethod = SoftLabelMethod(), seed: UInt64 = 1, threads: Int = 1
  ) throws -> Synthesizer {
    try Synthesizer(
      teacher: .tinyResNet(), method: method,
      configuration: .init(
        count: 20, imagesPerBatch: 4, steps: 4, dropUnfaithful: false, seed: seed),
      context: ExecutionContext(threads: threads))
  }

  /// Every process has the whole set, the same bits as one alone; each batch was made once.
  @Test(arguments: [2, 3])
  func sameBits(processes: Int) throws {
    let expected = try Self.synthesizer().synthesize()
    try withTemporaryDirectory { folder in
      let steps = Counter()
      let found = LocalProcesses(processes).run { _ in
        try Self.synthesizer().synthesize(sharing: folder) { if $0.step > 0 { steps.add() } }
      }
      for result in found {
        let images = try result.get()
        #expect(images.images == expected.images && images.labels == expected.labels)
      }
      #expect(steps.value == 5 * 4)
      // Claims are gone, batches stay for whoever comes later.
      let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(files.sorted() == (0..<5).map { "batch-\($0).safetensors" })
      let later = try Self.synthesizer().synthesize(sharing: folder) { _ in Issue.record("a step") }
      #expect(later.images == expected.images)
    }
  }

  /// A process that ends in the middle of a batch leaves it to the others.
  @Test func lostProcess() throws {
    struct Ended: Error {}
    let expected = try Self.synthesizer().synthesize()
    try withTemporaryDirectory { folder in
      let found = LocalProcesses(2).run { link in
        try Self.synthesizer().synthesize(sharing: folder) {
          if link.rank == 1, $0.step == 2 { throw Ended() }
        }
      }
      let images = try found[0].get().images
      #expect(images == expected.images)
      #expect(throws: Ended.self) { try found[1].get() }
    }
  }

  /// A method that reads the batches before makes them in order, whoever makes them.
  @Test func methodsThatReadBatchesBefore() throws {
    let expected = try Self.synthesizer(IntraQ()).synthesize()
    try withTemporaryDirectory { folder in
      let found = LocalProcesses(2).run { _ in
        try Self.synthesizer(IntraQ()).synthesize(sharing: folder)
      }
      for result in found {
        let images = try result.get().images
        #expect(images == expected.images)
      }
    }
  }

  /// Another run's batches are refused.
  @Test func otherRun() throws {
    try withTemporaryDirectory { folder in
      _ = try Self.synthesizer().synthesize(sharing: folder)
      #expect(throws: SynthesisError.self) {
        try Self.synthesizer(seed: 2).synthesize(sharing: folder)
      }
    }
  }

  private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func add() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
  }
}
