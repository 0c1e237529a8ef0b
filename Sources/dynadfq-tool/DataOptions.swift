import ArgumentParser
import DynaDFQ

/// Real images: only for evaluation, analysis and the training of teachers.
enum DataOptions {
  static let forms = "fashion-mnist:test, cifar10:FILE[,FILE], cifar100:FILE or folder:PATH"
  static let help = ArgumentHelp("Real images: \(forms).")

  /// Opens a data set whose images fit a network.
  ///
  /// Pictures of a folder are resized to the network's input; all others must have its size.
  static func open(
    _ name: String, limit: Int?, for network: Network? = nil
  ) throws -> any RealImages {
    try DataOptions.open(
      name, limit: limit, imageShape: network?.imageShape, classCount: network?.classCount)
  }

  static func open(
    _ name: String, limit: Int?, imageShape: Shape?, classCount: Int?
  ) throws -> any RealImages {
    let images = try RealDataset.open(name, fitting: imageShape, classCount: classCount)
    guard images.count > 0 else { throw ToolError.failure("\(name) has no images") }
    if let classCount, images.classCount != classCount {
      throw QuantizationError.classCount(expected: classCount, found: images.classCount)
    }
    if let imageShape {
      let first = try images.image(at: 0)
      let found: Shape = [first.height, first.width, first.channels]
      guard found == imageShape else {
        throw NetworkError.imageShape(expected: imageShape, found: found)
      }
    }
    guard let limit, limit < images.count else { return images }
    return RealSubset(images, first: limit)
  }

  /// The files of a data set's description, to compare with outputs.
  static func files(_ name: String) -> [String] {
    let parts = name.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[0].hasPrefix("cifar") else { return [] }
    return parts[1].split(separator: ",").map(String.init)
  }
}
