public import DFQTensor
public import Foundation

/// What can go wrong with a file, a data set or an image; every case names the file.
public enum InterchangeError: Error, Equatable, Sendable {
  /// The file cannot be opened or read, for the system's reason.
  case cannotOpen(path: String, reason: String)
  /// The file cannot be written, for the system's reason; nothing was left behind.
  case cannotWrite(path: String, reason: String)
  /// The file has fewer bytes than its contents ask for.
  case truncated(path: String, expected: Int, found: Int)
  /// A part of the file is not what the format asks for.
  case malformed(path: String, what: String, expected: String, found: String)
  /// A part of the file is larger than what is accepted from a file.
  case tooLarge(path: String, what: String, limit: Int, found: Int)
  /// The file is valid but uses something that this package does not read.
  case unsupported(path: String, what: String)
  /// The bytes are not an image of a known format, or a damaged one.
  case notAnImage(path: String, reason: String)
  /// The safetensors file has no tensor of that name.
  case missingTensor(path: String, name: String)
  /// A tensor has another shape than the one asked for.
  case wrongShape(path: String, tensor: String, expected: Shape, found: Shape)
  /// A tensor has another element type than the one asked for.
  case wrongType(path: String, tensor: String, expected: String, found: String)
  /// A tensor's element has no exact (integers) or no finite (F64) counterpart.
  case notRepresentable(path: String, tensor: String, position: Int, value: String)
  /// A label is not below the number of classes.
  case labelOutOfRange(path: String, label: Int, classes: Int)
  /// A public data set is not on this machine; the advice says how to get it.
  case missingDataset(name: String, path: String, advice: String)
  /// A data set's description for ``RealDataset/open(_:)`` has none of the known forms.
  case unknownDataset(specification: String)
}

extension InterchangeError: CustomStringConvertible {
  /// One line that names the file, what was expected and what was found.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let reason):
      "\(path.oneLine): cannot be read: \(reason.oneLine)"
    case .cannotWrite(let path, let reason):
      "\(path.oneLine): cannot be written: \(reason.oneLine)"
    case .truncated(let path, let expected, let found):
      "\(path.oneLine): \(expected) bytes expected, \(found) found"
    case .malformed(let path, let what, let expected, let found):
      "\(path.oneLine): \(what.oneLine): \(expected.oneLine) expected, \(found.oneLine) found"
    case .tooLarge(let path, let what, let limit, let found):
      "\(path.oneLine): \(what.oneLine): at most \(limit) accepted, \(found) found"
    case .unsupported(let path, let what):
      "\(path.oneLine): \(what.oneLine) is not supported"
    case .notAnImage(let path, let reason):
      "\(path.oneLine): not a readable JPEG or PNG image: \(reason.oneLine)"
    case .missingTensor(let path, let name):
      "\(path.oneLine): no tensor \"\(name.oneLine)\""
    case .wrongShape(let path, let tensor, let expected, let found):
      "\(path.oneLine): tensor \"\(tensor.oneLine)\": shape \(expected) expected, \(found) found"
    case .wrongType(let path, let tensor, let expected, let found):
      "\(path.oneLine): tensor \"\(tensor.oneLine)\": type \(expected) expected, \(found) found"
    case .notRepresentable(let path, let tensor, let position, let value):
      "\(path.oneLine): tensor \"\(tensor.oneLine)\": element \(position), \(value.oneLine), "
        + "has no counterpart in the type asked for"
    case .labelOutOfRange(let path, let label, let classes):
      "\(path.oneLine): label \(label) is not among \(classes) classes"
    case .missingDataset(let name, let path, let advice):
      "\(name.oneLine) not found at \(path.oneLine): \(advice.oneLine)"
    case .unknownDataset(let specification):
      "\"\(specification.oneLine)\" names no data set; known forms: \(InterchangeError.datasetForms)"
    }
  }
}

extension InterchangeError: LocalizedError {
  /// The same line as ``description``.
  public var errorDescription: String? { description }
}

extension InterchangeError {
  /// The descriptions of data sets that can be opened, for messages and help.
  package static let datasetForms =
    "fashion-mnist:train, fashion-mnist:test, cifar10:FILE[,FILE...], cifar100:FILE[,FILE...], "
    + "cifar100-coarse:FILE[,FILE...], folder:DIRECTORY"
}
