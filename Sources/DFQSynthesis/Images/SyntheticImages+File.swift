import DFQFiles
import DFQTensor

extension SyntheticImages {
  private static let format = "dynadfq synthetic images 1"
  private static let checksumKey = "checksum"

  /// Writes the set as a safetensors file with a checksum; it appears whole or not at all.
  ///
  /// - Throws: `InterchangeError`.
  public func write(to path: String) throws {
    var file = SafetensorsFile(metadata: provenance)
    file.metadata["format"] = SyntheticImages.format
    file.metadata[SyntheticImages.checksumKey] = checksum
    file.add("images", images)
    file.add("labels", labels)
    file.add("difficulty", Tensor(shape: [count, 3], elements: measures))
    file.add("anchors", [count], int64s: anchors.map(Int64.init))
    file.add("dropped", [1], int64s: [Int64(droppedCount)])
    file.add("easy", [count], uint8s: isEasy.map { $0 ? 1 : 0 })
    try file.write(to: path)
  }

  /// Reads a set.
  ///
  /// The file is checked for its form and, where it has one, its checksum. That its images are
  /// synthetic is taken on trust; ``check(teacher:)`` tells whether they are a teacher's.
  ///
  /// - Throws: `InterchangeError`, or ``SynthesisError/badImages(source:expected:found:)`` with what
  ///   does not fit.
  public init(contentsOf path: String) throws {
    self = try SyntheticImages.read(path).images
  }

  /// Reads a set; `isChecked` tells whether the file has a checksum.
  static func read(_ path: String) throws -> (images: SyntheticImages, isChecked: Bool) {
    let file = try SafetensorsFile(contentsOf: path)
    func demand(_ holds: Bool, _ expected: String, _ found: String) throws {
      if !holds { throw SynthesisError.badImages(source: path, expected: expected, found: found) }
    }
    let found = file.metadata["format"] ?? "none"
    try demand(
      found == SyntheticImages.format, "metadata format \"\(SyntheticImages.format)\"", found)
    let images = try file.tensor("images")
    let labels = try file.tensor("labels")
    try demand(
      images.shape.rank == 4 && images.rowShape.count > 0, "images N H W C", "\(images.shape)")
    try demand(images.isFinite, "finite images", "NaN or infinity")
    let count = images.rowCount
    try demand(
      labels.shape.rank == 2 && labels.rowCount == count && labels.shape[1] > 0,
      "labels of \(count) images", "\(labels.shape)")
    let classes = labels.shape[1]
    for row in 0..<count {
      try LabelBatch.check(
        labels.elements[row * classes..<(row + 1) * classes], row: row, source: path)
    }
    let measures = try file.tensor("difficulty", shape: [count, 3]).elements
    // Rounding may take an entropy a little above log C.
    if let bad = measures.first(where: { !(-1e-4...1.0001).contains($0) }) {
      try demand(false, "difficulty in 0...1", "\(bad)")
    }
    let anchors = try file.int64s("anchors").map { Int(clamping: $0) }
    let easy = try file.uint8s("easy")
    let dropped = try file.int64s("dropped")
    try demand(anchors.count == count, "anchors of \(count) images", "\(anchors.count)")
    try demand(easy.count == count, "easy of \(count) images", "\(easy.count)")
    try demand(easy.allSatisfy { $0 <= 1 }, "easy of 0 or 1", "\(easy.max() ?? 0)")
    try demand(
      dropped.count == 1 && (0...Int64(countLimit)).contains(dropped[0]),
      "dropped as one count", "\(dropped.prefix(3))")
    if let bad = anchors.first(where: { !(0..<classes).contains($0) }) {
      try demand(false, "anchors in 0..<\(classes)", "\(bad)")
    }
    var provenance = file.metadata
    provenance["format"] = nil
    let checksum = provenance.removeValue(forKey: checksumKey)
    let set = SyntheticImages(
      images: images, labels: labels, isEasy: easy.map { $0 != 0 }, anchors: anchors,
      difficulty: (0..<count).map {
        Difficulty(
          labelEntropy: measures[3 * $0], predictionEntropy: measures[3 * $0 + 1],
          gradientNorm: measures[3 * $0 + 2])
      }, droppedCount: Int(dropped[0]), provenance: provenance)
    if let checksum {
      try demand(checksum == set.checksum, "checksum \(checksum)", "damaged data")
    }
    return (set, checksum != nil)
  }

  private var measures: [Float] {
    difficulty.flatMap { [$0.labelEntropy, $0.predictionEntropy, $0.gradientNorm] }
  }

  /// A hash of everything but the provenance, by which a damaged file is noticed.
  private var checksum: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for part in [images.elements, labels.elements, measures] {
      hash = Fingerprint.hash(part, from: hash)
    }
    let numbers = anchors + isEasy.map { $0 ? 1 : 0 } + [droppedCount]
    hash = Fingerprint.hash(
      numbers.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }, from: hash)
    return String(hash, radix: 16)
  }
}
