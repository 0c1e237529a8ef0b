public import DFQTensor

/// Synthetic images with their labels, as calibration and student training take them.
///
/// A set comes from synthesis, from the file of a set (``init(contentsOf:)``) or from noise
/// (``noise(count:for:seed:)``). No public function makes one from other tensors, and real images
/// are of another type (`RealImages`), so that real images cannot reach a student by mistake. What a
/// file contains is taken on trust: the check is of its form.
public struct SyntheticImages: Sendable {
  /// The images as network inputs (normalized), N H W C.
  public let images: Tensor
  /// The labels, N C, each row summing to 1.
  public let labels: Tensor
  /// Whether each image was drawn with a one-hot label.
  public let isEasy: [Bool]
  /// The class each image was drawn around.
  public let anchors: [Int]
  /// How hard each image is for the teacher.
  public let difficulty: [Difficulty]
  /// The number of images that were dropped because the teacher saw a class outside of their label's
  /// support.
  public let droppedCount: Int
  /// Where the images come from: architecture, teacher, configuration, seed.
  public var provenance: [String: String]

  /// The largest number of images of a set; larger numbers are taken for mistakes.
  public static let countLimit = 100_000_000
  /// The largest number of elements that are made at once, 16 GiB; larger numbers are taken for
  /// mistakes.
  static let elementLimit = 1 << 32

  /// Makes a set; the parts must have one length.
  package init(
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
  /// The number of classes C.
  public var classCount: Int { labels.shape[1] }

  /// A short name of the images and labels, to tell sets apart.
  var digest: String { Fingerprint.digest(images.elements) + Fingerprint.digest(labels.elements) }
}
