public import DynaDFQ
import Foundation

/// The reference values that are committed beside this file (`Goldens/README.md` says what they
/// are); tests that need them always run.
public enum Goldens {
  /// The path of a file in `Goldens`.
  public static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Goldens/\(name)").path
  }

  /// A file of reference values computed with PyTorch.
  public static func file(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(contentsOf: path("\(name).safetensors"))
  }

  /// The public ResNet-20 for CIFAR-10.
  public static func resNet20() throws -> Network {
    try Network(contentsOf: path("resnet20-cifar10.safetensors"))
  }
}

/// Larger weights, images and reference values in `../shared` beside the checkout.
///
/// A test that needs them carries `.enabled(if: Shared.has(...), "reason")`. Where
/// `DYNADFQ_REQUIRE_SHARED` is set, as in continuous integration, such a test runs in any case and
/// fails where its data is absent.
public enum Shared {
  /// Whether a test that needs these files is to run.
  public static func has(_ names: String...) -> Bool {
    isRequired || names.allSatisfy { find($0) != nil }
  }

  /// The path of a file.
  ///
  /// - Throws: ``SharedError/absent(name:)``.
  public static func path(_ name: String) throws -> String {
    guard let path = find(name) else { throw SharedError.absent(name: name) }
    return path
  }

  /// A file of reference values computed with PyTorch.
  public static func golden(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(contentsOf: path("golden/\(name).safetensors"))
  }

  /// The first CIFAR-10 test images.
  public static func cifarTest() throws -> CIFAR {
    try CIFAR(contentsOf: [path(cifarTestName)], dataset: .cifar10)
  }

  /// The name of the first CIFAR-10 test images.
  public static let cifarTestName = "data/cifar10/test_first1000.bin"

  private static var isRequired: Bool {
    ProcessInfo.processInfo.environment["DYNADFQ_REQUIRE_SHARED"] == "1"
  }

  /// Looks beside the checkout, then beside each folder above it.
  private static func find(_ name: String) -> String? {
    var directory = URL(fileURLWithPath: #filePath)
    while directory.path != "/" {
      directory.deleteLastPathComponent()
      let candidate = directory.appendingPathComponent("../shared/\(name)").standardizedFileURL.path
      if FileManager.default.fileExists(atPath: candidate) { return candidate }
    }
    return nil
  }
}

/// Why data for a test cannot be had.
public enum SharedError: Error {
  /// There is no `../shared` with such a file.
  case absent(name: String)
}

extension Tensor {
  /// N H W C from PyTorch's N C H W.
  public var channelsLast: Tensor {
    let (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3])
    var result = Tensor(shape: [n, h, w, c])
    for image in 0..<n {
      for channel in 0..<c {
        for pixel in 0..<h * w {
          result[(image * h * w + pixel) * c + channel] =
            self[(image * c + channel) * h * w + pixel]
        }
      }
    }
    return result
  }
}
