import Foundation

extension Network {
  /// The networks that come with the package.
  public enum Pretrained: String, Sendable, CaseIterable {
    /// A ResNet-20 for Fashion-MNIST (28x28x1, 10 classes), trained with `dynadfq train`; its
    /// figures are in Documentation/Results.
    case resNet20FashionMNIST = "resnet20-fashion-mnist"
  }

  /// Returns a network that comes with the package.
  ///
  /// - Throws: ``NetworkError`` or `InterchangeError` where the package is damaged.
  public static func pretrained(_ name: Pretrained) throws -> Network {
    guard
      let path = Bundle.module.path(
        forResource: name.rawValue, ofType: "safetensors", inDirectory: "Weights")
    else {
      throw NetworkError.missingLayers(
        what: "resource \(name.rawValue).safetensors", why: "the package's bundle is incomplete")
    }
    return try Network(contentsOf: path)
  }
}
