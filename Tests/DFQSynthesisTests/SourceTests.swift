import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

@Suite struct StoredImagesTests {
  @Test func everyEpochHoldsEveryImageOnce() throws {
    let source = try StoredImages(smallSet(7))
    // Seven steps of 3 images are three epochs of 7; batches continue over their ends.
    let positions = try (0..<7).flatMap { try source.positions(step: $0, count: 3, seed: 1) }
    for epoch in 0..<3 {
      #expect(positions[epoch * 7..<(epoch + 1) * 7].sorted() == Array(0..<7))
    }
    #expect(positions[0..<7] != positions[7..<14])
    // A batch larger than the set.
    #expect(try source.positions(step: 0, count: 21, seed: 1) == positions)
  }

  @Test func batchesAreRowsOfTheSet() throws {
    let set = smallSet()
    var source: any ImageSource = try StoredImages(set)
    let positions = try StoredImages(set).positions(step: 5, count: 4, seed: 9)
    let batch = try source.batch(step: 5, count: 4, seed: 9)
    for (row, position) in positions.enumerated() {
      #expect(batch.inputs.row(row) == set.images.row(position))
      #expect(batch.labels.row(row) == set.labels.row(position))
      #expect(batch.isEasy[row] == set.isEasy[position])
    }
    try batch.check(count: 4, imageShape: [3, 3, 1], classCount: 4, source: "test")
    #expect(source.imageShape == [3, 3, 1] && source.classCount == 4 && source.state.isEmpty)
    try source.learn(
      SourceFeedback(step: 5, batch: batch) { _, _ in throw CancellationError() })
  }

  @Test func identityFollowsImagesAndLabels() throws {
    let set = smallSet()
    let identity = try StoredImages(set).identity
    #expect(try StoredImages(set.subset([0, 1, 2, 3, 4, 5])).identity == identity)
    #expect(try StoredImages(set.subset([1, 0, 2, 3, 4, 5])).identity != identity)
  }

  @Test func badRequests() throws {
    #expect(throws: SynthesisError.self) { try StoredImages(smallSet(0)) }
    let source = try StoredImages(smallSet())
    for (step, count) in [(-1, 2), (0, -1), (.max, 2), (1, .max), (.max, .max), (0, .max)] {
      #expect(throws: SynthesisError.self) {
        try source.positions(step: step, count: count, seed: 1)
      }
    }
  }

  @Test func batchesAreChecked() throws {
    let good = try StoredImages(smallSet()).batch(step: 0, count: 4, seed: 1)
    let damages: [(String, (inout SyntheticBatch) -> Void)] = [
      ("images 4x3x3x1", { $0.inputs = Tensor(shape: [4, 3, 3, 2]) }),
      ("finite images", { $0.inputs[5] = .nan }),
      ("labels 4x4", { $0.labels = Tensor(shape: [4, 3]) }),
      ("sum to 1", { $0.labels[0] += 0.5 }),
      ("isEasy", { $0.isEasy = [] }),
    ]
    for (word, damage) in damages {
      var batch = good
      damage(&batch)
      do {
        try batch.check(count: 4, imageShape: [3, 3, 1], classCount: 4, source: "generator")
        Issue.record("accepted: \(word)")
      } catch { #expect("\(error)".contains(word) && "\(error)".contains("generator")) }
    }
  }
}

@Suite struct DataFreeTests {
  /// The only public initializer of `SyntheticImages` reads a file; real images can't become
  /// synthetic ones through the public interface.
  @Test func noPublicInitializerTakesTensors() throws {
    let module = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/DFQSynthesis")
    let files = FileManager.default.enumerator(atPath: module.path())!
    var found: [String] = []
    for case let name as String in files where name.hasSuffix(".swift") {
      let text = try String(contentsOf: module.appending(path: name), encoding: .utf8)
      guard name.contains("SyntheticImages") || text.contains("extension SyntheticImages") else {
        continue
      }
      found += text.split(separator: "\n").filter { $0.contains("public init(") }
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    #expect(found == ["public init(contentsOf path: String) throws {"])
  }

  @Test func noiseIsNormal() throws {
    let set = try SyntheticImages.noise(count: 40, for: tinyNetwork(), seed: 2)
    #expect(set.images.shape == [40, 12, 12, 3] && set.labels.shape == [40, 4])
    let values = set.images.elements.map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    // 17,280 draws: deviations of the mean and the variance are 0.0076 and 0.011.
    #expect(abs(mean) < 0.04 && abs(variance - 1) < 0.05)
    #expect(set.labels.argmaxOfRows() == set.anchors && set.isEasy.allSatisfy { $0 })
    #expect(try SyntheticImages.noise(count: 40, for: tinyNetwork(), seed: 2).images == set.images)
    for count in [-1, .max, .max / 432] {
      #expect(throws: SynthesisError.self) {
        try SyntheticImages.noise(count: count, for: tinyNetwork(), seed: 2)
      }
    }
  }
}
