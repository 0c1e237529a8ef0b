public import DFQTensor

/// Real labelled images: only for evaluation and analysis, and to train a *teacher*.
///
/// Data-free quantization must never see them. Synthetic sets are of another type that never
/// conforms to this protocol, so that a function that takes `RealImages` says in its signature that
/// real data flows into it.
public protocol RealImages: Sendable {
  /// The set's name for reports, such as `fashion-mnist:test`.
  var name: String { get }
  /// The number of images.
  var count: Int { get }
  /// The classes' names by label.
  var classNames: [String] { get }
  /// An image, H W C; the index must be in `0..<count`.
  /// - Throws: ``InterchangeError`` where an image that is decoded only now cannot be read.
  func image(at index: Int) throws -> PixelImage
  /// An image's class in `0..<classCount`; the index must be in `0..<count`.
  func label(at index: Int) -> Int
}

extension RealImages {
  /// The number of classes.
  public var classCount: Int { classNames.count }

  /// The labels of all images.
  public var labels: [Int] { (0..<count).map { label(at: $0) } }

  /// The pixels of several images as numbers 0...255, N H W C; they must agree in size, and there must be
  /// one at least.
  /// - Throws: ``InterchangeError`` where an image cannot be read or differs in size from the
  ///   first.
  public func pixels(at indices: some Collection<Int>) throws -> Tensor {
    precondition(!indices.isEmpty, "pixels of at least one image are needed")
    var shape: Shape = []
    var elements: [Float] = []
    for index in indices {
      let image = try image(at: index)
      let found: Shape = [image.height, image.width, image.channels]
      if elements.isEmpty {
        shape = found
        elements.reserveCapacity(indices.count * shape.count)
      }
      guard found == shape else {
        throw InterchangeError.malformed(
          path: name, what: "size of image \(index)", expected: "\(shape)", found: "\(found)")
      }
      for value in image.pixels { elements.append(Float(value)) }
    }
    return Tensor(shape: Shape([indices.count] + shape.dimensions), elements: elements)
  }
}
