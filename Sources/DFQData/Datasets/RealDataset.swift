public import DFQFiles

/// Real data sets by a description, for command-line tools.
public enum RealDataset {
  /// The known descriptions, for help texts and messages.
  public static let forms = InterchangeError.datasetForms

  /// Opens the data set of a description such as `fashion-mnist:test`; see ``forms``.
  ///
  /// Folders are resized to a short side of 256 and cropped to 224 (see ``ImageFolder``).
  /// - Throws: ``InterchangeError/unknownDataset(specification:)``, or what the set's own
  ///   initializer throws.
  public static func open(_ specification: String) throws -> any RealImages {
    let parts = specification.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty else {
      throw InterchangeError.unknownDataset(specification: specification)
    }
    let place = String(parts[1])
    let files = place.split(separator: ",").map { String($0) }
    switch parts[0] {
    case "fashion-mnist":
      guard let split = FashionMNIST.Split(rawValue: place) else {
        throw InterchangeError.unknownDataset(specification: specification)
      }
      return try FashionMNIST(split)
    case "cifar10": return try CIFAR(contentsOf: files, variant: .cifar10)
    case "cifar100": return try CIFAR(contentsOf: files, variant: .cifar100(.fine))
    case "cifar100-coarse": return try CIFAR(contentsOf: files, variant: .cifar100(.coarse))
    case "folder": return try ImageFolder(contentsOf: place)
    default: throw InterchangeError.unknownDataset(specification: specification)
    }
  }
}
