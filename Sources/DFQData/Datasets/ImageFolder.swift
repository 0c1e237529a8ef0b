public import DFQFiles

/// JPEG and PNG files in one folder per class, decoded when they are asked for, always RGB.
public struct ImageFolder: RealImages {
  /// The folder's path with `folder:` before it.
  public let name: String
  /// The number of images.
  public var count: Int { files.count }
  /// The classes' names by label.
  public let classNames: [String]
  /// The length of the shorter side in pixels that images are resized to; nil leaves their size.
  public let shortSide: Int?
  /// The side in pixels of the square that is cut from an image's middle; nil leaves all of it.
  public let crop: Int?
  private let files: [(path: String, label: Int)]

  /// Lists a folder of class folders, sorted by name, without opening an image.
  ///
  /// With a classes file, lines of an index, a folder's name and a readable name, a folder's label
  /// is its index there, so that part of a set keeps the whole set's labels; without one, it is the
  /// folder's position. Where none is given, a `classes.txt` in the folder is taken.
  /// - Throws: ``InterchangeError``: an unreadable or empty folder, a class folder without images
  ///   or missing from the classes file, a malformed classes file.
  public init(
    contentsOf directory: String, classesFile: String? = nil, shortSide: Int? = 256,
    crop: Int? = 224
  ) throws {
    precondition(shortSide ?? 1 > 0 && crop ?? 1 > 0, "the sizes of images must be positive")
    precondition(
      shortSide ?? .max >= crop ?? 1, "a crop must not be larger than the resized image")
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
      classes = ClassList(folders: folders)
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
  }

  /// An image, resized and cropped as asked, H W 3; the index must be in `0..<count`.
  /// - Throws: ``InterchangeError``: the file cannot be read or decoded, or is smaller than the
  ///   crop.
  public func image(at index: Int) throws -> PixelImage {
    let path = files[index].path
    var image = try PixelImage(contentsOf: path).converted(toChannels: 3)
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
      guard min(image.height, image.width) >= crop else {
        throw InterchangeError.malformed(
          path: path, what: "size of the image", expected: "at least \(crop)x\(crop)",
          found: "\(image.height)x\(image.width)")
      }
      image = image.centerCropped(height: crop, width: crop)
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
