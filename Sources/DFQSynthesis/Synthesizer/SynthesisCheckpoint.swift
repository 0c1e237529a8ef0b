import DFQFiles
import Foundation

/// One finished batch of a run in a folder, `batch-3.safetensors`.
struct SynthesisCheckpoint {
  private let folder: String
  private let provenance: [String: String]
  private let expected: [String: String]
  private let path: String

  /// `provenance` names the run.
  init(_ folder: String, _ batch: Int, _ provenance: [String: String]) {
    self.folder = folder
    self.provenance = provenance
    expected = provenance.merging(["batch": "\(batch)"]) { $1 }
    path = "\(folder)/batch-\(batch).safetensors"
  }

  /// The batch, or nil where there is none yet; throws for a batch of another run or place, and for
  /// a damaged one.
  func read() throws -> SyntheticImages? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    var (images, isChecked) = try SyntheticImages.read(path)
    let found = images.provenance
    for key in Set(expected.keys).union(found.keys).sorted() where expected[key] != found[key] {
      let difference = Fingerprint.difference(
        key, expected: expected[key] ?? "none", found: found[key] ?? "none")
      throw SynthesisError.otherRun(
        path: path, setting: difference.setting, expected: difference.expected,
        found: difference.found)
    }
    guard isChecked else {
      throw SynthesisError.badImages(source: path, expected: "a checksum", found: "none")
    }
    images.provenance = provenance
    return images
  }

  /// Stores the batch; the file appears whole or not at all.
  func write(_ images: SyntheticImages) throws {
    // Where this fails, the writing below fails too and names the path.
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var kept = images
    kept.provenance = expected
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
