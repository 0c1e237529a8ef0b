import DFQFiles
import Foundation

/// One finished batch of a run in a directory, `batch-3.safetensors`.
struct SynthesisCheckpoint {
  private static let key = "batch"
  private let directory: String
  private let batch: Int
  private var path: String { "\(directory)/batch-\(batch).safetensors" }

  init(_ directory: String, _ batch: Int) {
    self.directory = directory
    self.batch = batch
  }

  /// The batch, or nil where there is none yet; throws `SynthesisError.badImages` for one of
  /// another run or place.
  func read(_ provenance: [String: String]) throws -> SyntheticImages? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    var images = try SyntheticImages(contentsOf: path)
    var expected = provenance
    expected[SynthesisCheckpoint.key] = "\(batch)"
    if let field = Set(expected.keys).union(images.provenance.keys).sorted().first(where: {
      expected[$0] != images.provenance[$0]
    }) {
      throw SynthesisError.badImages(
        source: path, expected: "\(field) of this run, \(expected[field] ?? "none")",
        found: images.provenance[field] ?? "none")
    }
    images.provenance = provenance
    return images
  }

  /// Keeps the batch; the file appears whole or not at all.
  func write(_ images: SyntheticImages) throws {
    // Where this fails the writing below fails too and names the path.
    try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    var kept = images
    kept.provenance[SynthesisCheckpoint.key] = "\(batch)"
    try kept.write(to: path)
  }
}

extension SyntheticImages {
  /// The set with the number of dropped images in its provenance too.
  func recordingDropped() -> SyntheticImages {
    var result = self
    result.provenance["dropped"] = "\(droppedCount)"
    return result
  }
}
