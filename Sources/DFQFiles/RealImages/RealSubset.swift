/// Some images of another set, by their indices.
public struct RealSubset: RealImages {
  /// The set that the images come from.
  public let base: any RealImages
  /// The images' indices in ``base``.
  public let indices: [Int]
  /// The base's name and the number of images taken.
  public let name: String
  /// The classes' names by label, all of the base's.
  public var classNames: [String] { base.classNames }
  /// The number of images.
  public var count: Int { indices.count }

  /// Takes the images at some indices of another set; each must be in `0..<base.count`.
  public init(_ base: any RealImages, indices: [Int]) {
    precondition(
      indices.allSatisfy { (0..<base.count).contains($0) },
      "an index is not among the \(base.count) images of \(base.name)")
    self.base = base
    self.indices = indices
    name = "\(base.name)[\(indices.count) of \(base.count)]"
  }

  /// Takes the first images of another set, all of them where it has fewer.
  public init(_ base: any RealImages, first count: Int) {
    self.init(base, indices: Array(0..<min(max(0, count), base.count)))
  }

  /// An image of the base; the index must be in `0..<count`.
  /// - Throws: What the base throws.
  public func image(at index: Int) throws -> PixelImage { try base.image(at: indices[index]) }

  /// The image's label in the base; the index must be in `0..<count`.
  public func label(at index: Int) -> Int { base.label(at: indices[index]) }
}
