public import Foundation
public import DFQTensor
import DFQFiles

/// What can be wrong with an integer network, its file or its inputs.
public enum RuntimeError: Error, Equatable, Sendable {
  /// A file is no integer network, or a part of it does not fit.
  case badModel(path: String, expected: String, found: String)
  /// A layer, a selector or a setting of a student has no form in integer networks.
  case unsupported(layer: String, what: String)
  /// An input has another shape than the network's images.
  case imageShape(expected: Shape, found: Shape)
  /// There are no images to classify.
  case noImages
  /// A buffer has another number of elements than the call needs.
  case count(what: String, expected: Int, found: Int)
  /// Students of different inputs or classes, or too few of them, were to become one network.
  case badLevels(expected: String, found: String)
}

extension RuntimeError: CustomStringConvertible {
  /// One line that names what was expected and what was found.
  public var description: String {
    switch self {
    case .badModel(let path, let expected, let found):
      "\(path.oneLine): \(expected.oneLine) expected, found \(found.oneLine)"
    case .unsupported(let layer, let what):
      "layer \(layer.oneLine): an integer network cannot have \(what.oneLine)"
    case .imageShape(let expected, let found): "images of \(expected) expected, found \(found)"
    case .noImages: "classification needs at least one image, found none"
    case .count(let what, let expected, let found):
      "\(expected) \(what.oneLine) expected, found \(found)"
    case .badLevels(let expected, let found):
      "the levels of an integer network: \(expected.oneLine) expected, found \(found.oneLine)"
    }
  }
}

extension RuntimeError: LocalizedError {
  /// The same line as ``description``.
  public var errorDescription: String? { description }
}
