public import DFQFiles
public import DFQTensor

/// Real data sets by a description, for command-line tools.
public enum RealDataset {
  /// The known descriptions, for help texts and messages.
  public static let forms = InterchangeError.datasetForms

  /// Opens the data set of a description such as `fashion-mnist:test`; see ``forms``.
  ///
  /// The pictures of folders are resized and cut to fit a network's input H W C and must have its
  /// number of classes (see ``ImageFolder``); without an input they become 224x224 RGB.
  /// - Throws: ``InterchangeError/unknownDataset(specification:)``, or what the set's own
  ///   initializer throws.
  public static func open(
    _ specification: String, fitting input: Shape? = nil, classCount: Int? = nil
  ) throws -> any RealImages {
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
    case "cifar10": return try CIFAR(contentsOf: files, dataset: .cifar10)
    case "cifar100": return try CIFAR(contentsOf: files, dataset: .cifar100(.fine))
    case "cifar100-coarse": return try CIFAR(contentsOf: files, dataset: .cifar100(.coarse))
    case "folder":
      return try ImageFolder(
        contentsOf: place, classCount: classCount, fitting: input ?? [224, 224, 3])
    default: throw InterchangeError.unknownDataset(specification: specification)
    }
  }
}
