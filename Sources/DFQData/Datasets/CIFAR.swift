public import DFQFiles

/// CIFAR-10 or CIFAR-100 in the binary format: colour pictures of 32x32 (Krizhevsky 2009,
/// https://www.cs.toronto.edu/~kriz/cifar.html).
public struct CIFAR: RealImages {
  /// Which of the two sets, and for CIFAR-100 which of its two labels.
  public enum Dataset: Sendable, Hashable {
    /// Ten classes; a record is one label and the pixels.
    case cifar10
    /// A hundred fine or twenty coarse classes; a record is the coarse label, the fine label and
    /// the pixels.
    case cifar100(Labels)

    /// The set's name, such as `cifar100-coarse`.
    public var name: String {
      switch self {
      case .cifar10: "cifar10"
      case .cifar100(.fine): "cifar100"
      case .cifar100(.coarse): "cifar100-coarse"
      }
    }

    /// The classes' names by label, as the sets' own `.meta` files spell them.
    public var classNames: [String] {
      switch self {
      case .cifar10: CIFARClassNames.ten
      case .cifar100(.fine): CIFARClassNames.fine
      case .cifar100(.coarse): CIFARClassNames.coarse
      }
    }
  }

  /// The two labels of a CIFAR-100 picture.
  public enum Labels: Sendable, Hashable {
    /// One of 100 classes.
    case fine
    /// One of 20 groups of five classes.
    case coarse
  }

  /// The set's name, such as `cifar10`.
  public let name: String
  /// The number of images.
  public let count: Int
  /// The classes' names by label.
  public let classNames: [String]
  private let bytes: [UInt8]
  private let labelCount: Int
  private let labelPosition: Int
  private static let side = 32
  private static let planeSize = side * side
  /// The largest accepted file in bytes: 1 GiB, five times the largest of the set.
  private static let limit = 1 << 30

  private var recordSize: Int { labelCount + 3 * Self.planeSize }

  /// Reads one or more files and joins their records.
  /// - Throws: ``InterchangeError``: an unreadable or empty file, a length that is no multiple of
  ///   the record's, a label out of range.
  public init(contentsOf paths: [String], dataset: Dataset) throws {
    name = dataset.name
    classNames = dataset.classNames
    labelCount = dataset == .cifar10 ? 1 : 2
    labelPosition = dataset == .cifar100(.fine) ? 1 : 0
    let recordSize = labelCount + 3 * Self.planeSize
    // The other label of CIFAR-100 is checked too: a file of CIFAR-10 would fail there.
    let classes = labelCount == 1 ? [10] : [20, 100]
    var joined: [UInt8] = []
    for path in paths {
      let bytes = try FileContents.read(path, limit: Self.limit)
      guard !bytes.isEmpty, bytes.count.isMultiple(of: recordSize) else {
        throw InterchangeError.malformed(
          path: path, what: "file size", expected: "a positive multiple of \(recordSize) bytes",
          found: "\(bytes.count)")
      }
      for start in stride(from: 0, to: bytes.count, by: recordSize) {
        for (position, limit) in classes.enumerated() where bytes[start + position] >= limit {
          throw InterchangeError.labelOutOfRange(
            path: path, label: Int(bytes[start + position]), classes: limit)
        }
      }
      joined.append(contentsOf: bytes)
    }
    bytes = joined
    count = joined.count / recordSize
  }

  /// An image, 32 32 3; the index must be in `0..<count`.
  public func image(at index: Int) -> PixelImage {
    let start = index * recordSize + labelCount
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * Self.planeSize)
    // The file holds a plane per channel (C H W).
    for position in 0..<Self.planeSize {
      for channel in 0..<3 { pixels.append(bytes[start + channel * Self.planeSize + position]) }
    }
    return PixelImage(height: Self.side, width: Self.side, channels: 3, pixels: pixels)
  }

  /// An image's class; the index must be in `0..<count`.
  public func label(at index: Int) -> Int { Int(bytes[index * recordSize + labelPosition]) }
}
