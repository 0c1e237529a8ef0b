import Foundation
public import DynaDFQ

/// The public weights, images and reference values beside the checkout; tests that need them skip
/// where they are absent.
public enum Shared {
  /// The path of a file, or nil, with the reason printed, where it is absent.
  public static func path(_ name: String, file: String = #filePath) -> String? {
    var directory = URL(fileURLWithPath: file)
    while directory.path != "/" {
      directory.deleteLastPathComponent()
      let candidate = directory.appendingPathComponent("../shared/\(name)").standardizedFileURL.path
      if FileManager.default.fileExists(atPath: candidate) { return candidate }
    }
    print("skipped: ../shared/\(name) is not here")
    return nil
  }

  /// A file of reference values computed with PyTorch.
  public static func golden(_ name: String) throws -> SafetensorsFile? {
    try path("golden/\(name)").map { try SafetensorsFile(contentsOf: $0) }
  }

  /// The public ResNet-20 for CIFAR-10.
  public static func resNet20() throws -> Network? {
    try path("data/models/resnet20-cifar10.safetensors").map { try Network(contentsOf: $0) }
  }

  /// The first CIFAR-10 test images.
  public static func cifarTest() throws -> CIFAR? {
    try path("data/cifar10/test_first1000.bin").map {
      try CIFAR(contentsOf: [$0], variant: .cifar10)
    }
  }
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
