public import DFQFiles

/// Real images made worse, for measurements of robustness.
///
/// An image depends on the base's image, its index, the corruption and the seed only. Images are
/// changed when they are asked for and not kept.
public struct CorruptedImages: RealImages {
  /// The images as they are.
  public let base: any RealImages
  /// What is done to them.
  public let corruption: Corruption
  /// The seed of noise.
  public let seed: UInt64

  /// Wraps a set.
  public init(_ base: any RealImages, _ corruption: Corruption, seed: UInt64 = 0) {
    self.base = base
    self.corruption = corruption
    self.seed = seed
  }

  /// The base's name and the corruption.
  public var name: String { "\(base.name), \(corruption)" }
  /// The classes' names by label, those of the base.
  public var classNames: [String] { base.classNames }
  /// The number of images.
  public var count: Int { base.count }

  /// An image; the index must be in `0..<count`.
  /// - Throws: What the base throws, and as `Corruption.applied(to:at:seed:)`.
  public func image(at index: Int) throws -> PixelImage {
    try corruption.applied(to: base.image(at: index), at: index, seed: seed)
  }

  /// The image's label in the base; the index must be in `0..<count`.
  public func label(at index: Int) -> Int { base.label(at: index) }
}
