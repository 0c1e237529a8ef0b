public import DFQTensor

/// Synthetic images with their labels: the only type calibration and student training take.
///
/// It is no `RealImages`, so no real image can reach them.
public struct SyntheticImages: Sendable {
  /// The images as network inputs (normalized), N H W C.
  public let images: Tensor
  /// The labels, N C, rows summing to 1.
  public let labels: Tensor
  /// Whether each image was drawn with a one-hot label.
  public let isEasy: [Bool]
  /// The class each image was drawn around.
  public let anchors: [Int]
  /// How hard each image is for the teacher.
  public let difficulty: [Difficulty]
  /// The images dropped because the teacher saw a class outside their label's support.
  public let droppedCount: Int
  /// Where the images come from: architecture, configuration, seed, losses.
  public var provenance: [String: String]

  /// Makes a set; the parts must have one length.
  public init(
    images: Tensor, labels: Tensor, isEasy: [Bool], anchors: [Int], difficulty: [Difficulty],
    droppedCount: Int = 0, provenance: [String: String] = [:]
  ) {
    let count = images.rowCount
    precondition(
      labels.rowCount == count && isEasy.count == count && anchors.count == count
        && difficulty.count == count, "images, labels and difficulties differ in number")
    self.images = images
    self.labels = labels
    self.isEasy = isEasy
    self.anchors = anchors
    self.difficulty = difficulty
    self.droppedCount = droppedCount
    self.provenance = provenance
  }

  /// The number of images N.
  public var count: Int { images.rowCount }

  /// The images at the given positions.
  public func subset(_ positions: [Int]) -> SyntheticImages {
    SyntheticImages(
      images: images.rows(at: positions), labels: labels.rows(at: positions),
      isEasy: positions.map { isEasy[$0] }, anchors: positions.map { anchors[$0] },
      difficulty: positions.map { difficulty[$0] }, droppedCount: droppedCount,
      provenance: provenance)
  }

  /// The set split at random: `share` (0...1) of it, rounded, is held out and the rest is for
  /// training; both keep the set's order.
  public func holdOut(
    share: Double, seed: UInt64
  ) -> (training: SyntheticImages, heldOut: SyntheticImages) {
    precondition((0...1).contains(share), "a share is in 0...1")
    let held = Int((Double(count) * share).rounded())
    var stream = RandomStream(seed: seed, "hold-out")
    let order = stream.permutation(count)
    return (subset(order.dropFirst(held).sorted()), subset(order.prefix(held).sorted()))
  }

  /// Sets of one network joined; there must be one at least.
  public static func concatenating(_ sets: [SyntheticImages]) -> SyntheticImages {
    SyntheticImages(
      images: .concatenating(sets.map(\.images)), labels: .concatenating(sets.map(\.labels)),
      isEasy: sets.flatMap(\.isEasy), anchors: sets.flatMap(\.anchors),
      difficulty: sets.flatMap(\.difficulty),
      droppedCount: sets.reduce(0) { $0 + $1.droppedCount }, provenance: sets[0].provenance)
  }
}
