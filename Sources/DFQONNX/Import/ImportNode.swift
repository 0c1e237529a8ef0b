import Foundation

/// A node of a graph that is being read: its operator with inputs, outputs and attributes.
struct ImportNode {
  /// The name for messages.
  var name: String
  /// The operator, with its domain where it isn't ONNX's own.
  var operation: String
  /// The names of the inputs; empty for one that is left out.
  var inputs: [String]
  var outputs: [String]
  var attributes: [String: Onnx_AttributeProto]

  init(_ node: Onnx_NodeProto) {
    let isOwn = node.domain.isEmpty || node.domain == "ai.onnx"
    operation = isOwn ? node.opType : "\(node.domain).\(node.opType)"
    name = node.name.isEmpty ? (node.output.first ?? node.opType) : node.name
    inputs = node.input
    outputs = node.output
    attributes = Dictionary(node.attribute.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
  }

  init(_ operation: String, name: String, inputs: [String], outputs: [String]) {
    self.operation = operation
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    attributes = [:]
  }

  /// Whether there is an input at a place.
  func hasInput(_ place: Int) -> Bool { place < inputs.count && !inputs[place].isEmpty }

  func int(_ name: String) -> Int? { attributes[name].map { Int(clamping: $0.i) } }
  func float(_ name: String) -> Float? { attributes[name].map(\.f) }
  func ints(_ name: String) -> [Int]? { attributes[name].map { $0.ints.map { Int(clamping: $0) } } }
  func text(_ name: String) -> String? {
    // What is longer equals nothing that is known.
    attributes[name].map { String(decoding: $0.s.prefix(ONNXLimits.nameBytes), as: UTF8.self) }
  }
}
