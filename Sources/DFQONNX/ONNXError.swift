import DFQFiles
public import Foundation

/// What can be wrong with an ONNX file, or with a network that is to become one.
public enum ONNXError: Error, Hashable, Sendable {
  /// An operator that a file uses and that has no layer.
  public struct UnsupportedOperator: Hashable, Sendable {
    /// The operator, with its domain where it has one.
    public let name: String
    /// The names of some nodes that use it.
    public let nodes: [String]
    /// The number of nodes that use it.
    public let count: Int
    /// What would help, or nil.
    public let advice: String?
  }

  /// A file isn't an ONNX model, or a damaged one.
  case badModel(path: String, expected: String, found: String)
  /// A tensor's data don't fit its type or shape, or can't be read.
  case badTensor(path: String, name: String, expected: String, found: String)
  /// Operators without a layer, all of a file.
  case unsupported(path: String, operators: [UnsupportedOperator])
  /// A node whose inputs or attributes have no layer.
  case badNode(path: String, node: String, expected: String, found: String)
  /// What the file doesn't say and the caller has to.
  case missing(path: String, what: String, advice: String)
  /// A part of a network that the format can't hold.
  case notExportable(layer: String, reason: String)
}

extension ONNXError: CustomStringConvertible, LocalizedError {
  /// One line that names the file and the node, what was expected and what was found.
  public var description: String {
    switch self {
    case .badModel(let path, let expected, let found):
      "\(path.oneLine): expected \(expected.oneLine), found \(found.oneLine)"
    case .badTensor(let path, let name, let expected, let found):
      "\(path.oneLine): tensor \(name.oneLine): expected \(expected.oneLine), found \(found.oneLine)"
    case .unsupported(let path, let operators):
      "\(path.oneLine): there is no layer for "
        + operators.map(\.description).joined(separator: "; ").oneLine(limit: 2000)
    case .badNode(let path, let node, let expected, let found):
      "\(path.oneLine): node \(node.oneLine): expected \(expected.oneLine), found \(found.oneLine)"
    case .missing(let path, let what, let advice):
      "\(path.oneLine): \(what.oneLine) is not in the file; \(advice.oneLine(limit: 400))"
    case .notExportable(let layer, let reason):
      "layer \(layer.oneLine): cannot be exported, \(reason.oneLine)"
    }
  }

  /// The same text as ``description``.
  public var errorDescription: String? { description }
}

extension ONNXError.UnsupportedOperator: CustomStringConvertible {
  /// The operator, its nodes and the advice.
  public var description: String {
    let shown = nodes.joined(separator: ", ") + (count > nodes.count ? ", ..." : "")
    return "\(name) (\(count)x: \(shown))" + (advice.map { ", \($0)" } ?? "")
  }
}
