public import DFQFiles
public import DFQTensor

/// JPEG and PNG files in one folder per class, decoded when they are asked for.
public struct ImageFolder: RealImages {
  /// The folder's path with `folder:` before it.
  public let name: String
  /// The number of images.
  public var count: Int { files.count }
  /// The classes' names by label.
  public let classNames: [String]
  /// The length of the shorter side in pixels that images are resized to; nil leaves their size.
  public let shortSide: Int?
  /// The extents in pixels of the part that is cut from an image's middle; nil leaves all of it.
  public let crop: Shape?
  /// 1 for gray images, 3 for RGB.
  public let channels: Int
  private let files: [(path: String, label: Int)]

  /// Lists a folder of class folders, sorted by name, without opening an image.
  ///
  /// With a classes file, lines of an index, a folder's name and a readable name, a folder's label
  /// is its index there, so that part of a set keeps the whole set's labels. Where none is given, a
  /// `classes.txt` in the folder is taken. Without one, folders named by numbers have these as
  /// labels, and others their position, which must not depend on absent folders: where the network's
  /// `classCount` is given, there must be as many.
  /// - Throws: ``InterchangeError``: an unreadable or empty folder, a class folder without images
  ///   or missing from the classes file, a malformed classes file, another number of classes.
  public init(
    contentsOf directory: String, classesFile: String? = nil, classCount: Int? = nil,
    shortSide: Int? = 256, crop: Int? = 224
  ) throws {
    try self.init(
      contentsOf: directory, classesFile: classesFile, classCount: classCount,
      shortSide: shortSide, crop: crop.map { [$0, $0] }, channels: 3)
  }

  /// Lists a folder whose images are to fit a network's input, H W C with one or three channels.
  ///
  /// The shorter side is resized to 8/7 of the input's, as ImageNet's networks are evaluated (256
  /// for 224), and the middle is cut out. Inputs below 64 pixels are taken without that margin:
  /// small pictures are rarely more than their subject.
  /// - Throws: As ``init(contentsOf:classesFile:classCount:shortSide:crop:)``, and
  ///   ``InterchangeError/unsupported(path:what:)`` for an input that no picture fits.
  public init(
    contentsOf directory: String, classesFile: String? = nil, classCount: Int? = nil,
    fitting input: Shape
  ) throws {
    guard input.rank == 3, input[2] == 1 || input[2] == 3, input[0] > 0, input[1] > 0 else {
      throw InterchangeError.unsupported(path: directory, what: "pictures as inputs of \(input)")
    }
    // The shorter side of a wide picture is its height, of a tall one its width: both must suffice.
    let side = max(input[0], input[1])
    try self.init(
      contentsOf: directory, classesFile: classesFile, classCount: classCount,
      shortSide: side < 64 ? side : side * 8 / 7, crop: [input[0], input[1]], channels: input[2])
  }

  private init(
    contentsOf directory: String, classesFile: String?, classCount: Int?, shortSide: Int?,
    crop: Shape?, channels: Int
  ) throws {
    precondition(
      shortSide ?? 1 > 0 && crop?.dimensions.min() ?? 1 > 0,
      "the sizes of images must be positive")
    precondition(
      shortSide ?? .max >= crop?.dimensions.max() ?? 1,
      "a crop must not be larger than the resized image")
    let entries = try DirectoryListing.names(in: directory)
    let folders = entries.filter { DirectoryListing.isDirectory("\(directory)/\($0)") }
    guard !folders.isEmpty else {
      throw InterchangeError.malformed(
        path: directory, what: "folder", expected: "a folder per class", found: "none")
    }

    let inside = entries.contains("classes.txt") ? "\(directory)/classes.txt" : nil
    let classes: ClassList
    if let path = classesFile ?? inside {
      classes = try ClassList(contentsOf: path)
    } else {
      classes = try ClassList(folders: folders, classCount: classCount, path: directory)
    }
    var files: [(path: String, label: Int)] = []
    for folder in folders {
      let label = try classes.label(ofFolder: folder)
      let path = "\(directory)/\(folder)"
      let images = try DirectoryListing.names(in: path).filter(Self.isImageName)
      guard !images.isEmpty else {
        throw InterchangeError.malformed(
          path: path, what: "class folder", expected: "images", found: "none")
      }
      for image in images { files.append(("\(path)/\(image)", label)) }
    }
    name = "folder:\(directory)"
    classNames = classes.names
    self.files = files
    self.shortSide = shortSide
    self.crop = crop
    self.channels = channels
  }

  /// An image, resized and cropped as asked, H W C; the index must be in `0..<count`.
  /// - Throws: ``InterchangeError``: the file cannot be read or decoded, or is smaller than the
  ///   crop.
  public func image(at index: Int) throws -> PixelImage {
    let path = files[index].path
    var image = try PixelImage(contentsOf: path).converted(toChannels: channels)
    if let shortSide {
      // A picture of one row would be enlarged beyond what the limit on files was meant to bound.
      let ratio = Double(max(image.height, image.width)) / Double(min(image.height, image.width))
      let pixels = Double(shortSide) * Double(shortSide) * ratio
      guard pixels <= Double(PixelImage.pixelLimit) else {
        throw InterchangeError.tooLarge(
          path: path, what: "number of pixels when resized", limit: PixelImage.pixelLimit,
          found: Int(min(pixels, 1e18)))
      }
      image = image.resized(shortSide: shortSide)
    }
    if let crop {
      guard image.height >= crop[0], image.width >= crop[1] else {
        throw InterchangeError.malformed(
          path: path, what: "size of the image", expected: "at least \(crop)",
          found: "\(image.height)x\(image.width)")
      }
      image = image.centerCropped(height: crop[0], width: crop[1])
    }
    return image
  }

  /// An image's class; the index must be in `0..<count`.
  public func label(at index: Int) -> Int { files[index].label }

  /// The path of an image's file; the index must be in `0..<count`.
  public func path(at index: Int) -> String { files[index].path }

  private static func isImageName(_ name: String) -> Bool {
    let lowercase = name.lowercased()
    return [".jpg", ".jpeg", ".png"].contains { lowercase.hasSuffix($0) }
  }
}
