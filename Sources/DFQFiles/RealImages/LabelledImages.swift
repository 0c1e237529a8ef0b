/// Real images with their labels in memory: one picture, or a few that a program already has.
public struct LabelledImages: RealImages {
  /// The set's name for reports.
  public let name: String
  /// The classes' names by label.
  public let classNames: [String]
  /// The images' classes.
  public let labels: [Int]
  /// The number of images.
  public var count: Int { images.count }
  private let images: [PixelImage]

  /// Makes a set of images with their labels.
  ///
  /// Where the labels are not known, as for a picture that is only to be classified, leave them
  /// out: they are then 0, and an accuracy means nothing.
  /// - Throws: ``InterchangeError/malformed(path:what:expected:found:)`` for another number of
  ///   labels than images, ``InterchangeError/labelOutOfRange(path:label:classes:)``.
  public init(
    _ images: [PixelImage], labels: [Int]? = nil, classNames: [String], name: String = "images"
  ) throws {
    let labels = labels ?? [Int](repeating: 0, count: images.count)
    guard labels.count == images.count else {
      throw InterchangeError.malformed(
        path: name, what: "number of labels", expected: "\(images.count)",
        found: "\(labels.count)")
    }
    if let label = labels.first(where: { !classNames.indices.contains($0) }) {
      throw InterchangeError.labelOutOfRange(
        path: name, label: label, classes: classNames.count)
    }
    self.images = images
    self.labels = labels
    self.classNames = classNames
    self.name = name
  }

  /// An image; the index must be in `0..<count`.
  public func image(at index: Int) -> PixelImage { images[index] }

  /// An image's class; the index must be in `0..<count`.
  public func label(at index: Int) -> Int { labels[index] }
}
