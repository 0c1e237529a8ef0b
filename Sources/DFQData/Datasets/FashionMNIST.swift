public import DFQFiles
internal import Foundation

/// Fashion-MNIST: gray 28x28 pictures of ten kinds of clothing (Xiao, Rasul, Vollgraf 2017,
/// arXiv:1708.07747).
public struct FashionMNIST: RealImages {
  /// One of the two parts of the set.
  public enum Split: String, Sendable, CaseIterable {
    /// 60,000 images.
    case train
    /// 10,000 images.
    case test

    fileprivate var prefix: String { self == .train ? "train" : "t10k" }
  }

  /// Where Debian's package dataset-fashion-mnist puts the files.
  public static let debianDirectory = "/usr/share/datasets/fashion-mnist"

  /// `fashion-mnist:train` or `fashion-mnist:test`.
  public let name: String
  /// The number of images.
  public var count: Int { labelBytes.count }
  /// The ten kinds of clothing by label.
  public var classNames: [String] { Self.classNames }
  /// The ten kinds of clothing by label.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
  ]
  private let pixels: [UInt8]
  private let labelBytes: [UInt8]
  private static let side = 28

  /// Reads one part from a directory with the four files of the set, compressed or not.
  ///
  /// Without a directory, the one in the environment variable DYNADFQ_FASHION_MNIST is taken, then
  /// ``debianDirectory``.
  /// - Throws: ``InterchangeError/missingDataset(name:path:advice:)`` where it is not installed;
  ///   another ``InterchangeError`` for files that are damaged or do not belong together.
  public init(_ split: Split, directory: String? = nil) throws {
    let environment = ProcessInfo.processInfo.environment["DYNADFQ_FASHION_MNIST"]
    let place = directory ?? environment ?? Self.debianDirectory
    guard
      let imagesPath = Self.file("\(split.prefix)-images-idx3-ubyte", in: place),
      let labelsPath = Self.file("\(split.prefix)-labels-idx1-ubyte", in: place)
    else {
      throw InterchangeError.missingDataset(
        name: "Fashion-MNIST", path: place,
        advice: "run \"apt install dataset-fashion-mnist\" or name its directory in "
          + "DYNADFQ_FASHION_MNIST")
    }
    let images = try IDX(contentsOf: imagesPath)
    guard images.dimensions.count == 3, images.dimensions[1...] == [Self.side, Self.side] else {
      throw InterchangeError.malformed(
        path: imagesPath, what: "dimensions", expected: "N 28 28", found: "\(images.dimensions)")
    }
    let labels = try IDX(contentsOf: labelsPath)
    guard labels.dimensions == [images.dimensions[0]] else {
      throw InterchangeError.malformed(
        path: labelsPath, what: "number of labels", expected: "\(images.dimensions[0])",
        found: "\(labels.dimensions)")
    }
    if let label = labels.values.first(where: { $0 >= 10 }) {
      throw InterchangeError.labelOutOfRange(path: labelsPath, label: Int(label), classes: 10)
    }
    name = "fashion-mnist:\(split.rawValue)"
    pixels = images.values
    labelBytes = labels.values
  }

  /// An image, 28 28 1; the index must be in `0..<count`.
  public func image(at index: Int) -> PixelImage {
    let size = Self.side * Self.side
    return PixelImage(
      height: Self.side, width: Self.side, channels: 1,
      pixels: Array(pixels[index * size..<(index + 1) * size]))
  }

  /// An image's class 0...9; the index must be in `0..<count`.
  public func label(at index: Int) -> Int { Int(labelBytes[index]) }

  private static func file(_ name: String, in directory: String) -> String? {
    ["\(directory)/\(name)", "\(directory)/\(name).gz"].first(where: DirectoryListing.exists)
  }
}
